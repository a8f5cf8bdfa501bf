import { describeError } from '../core/errors.ts'
import { ClientFailure } from './client/failure.ts'
import { ConfigurationRefused } from './configuration-refused.ts'

/** Exit codes beside those of the client commands (`client/failure.ts`). */
const FAILED = 1

/**
 * Waits for a command and sets the exit code: what it answers, or what its error stands for. Errors are words for the
 * user, on standard error; a command that answers nothing goes on by itself.
 */
export async function endWith(command: Promise<number | undefined>): Promise<void> {
  try {
    const code = await command
    if (code !== undefined) process.exit(code)
  } catch (error) {
    if (error instanceof ConfigurationRefused) process.stderr.write(`${error.message}\n`)
    else process.stderr.write(`penstock: ${describeError(error)}\n`)
    process.exit(error instanceof ClientFailure ? error.exitCode : FAILED)
  }
}
