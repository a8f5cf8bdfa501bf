import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Secrets } from '../../config/secrets.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Environment } from '../configuration.ts'

/** Where a password may come from: the environment, a pipe, or somebody at the keyboard; never the command line. */
export interface PasswordInput {
  readonly env: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stderr: NodeJS.WriteStream
}

/**
 * A password: from the variable or its file, else the first line of standard input, else typed, unseen, twice where it is
 * a new one. Throws ClientFailure (usage) where it is empty or the two differ.
 */
export async function askPassword(
  { variable, prompt, isNew }: { variable: string; prompt: string; isNew: boolean },
  { env, stdin, stderr }: PasswordInput,
): Promise<string> {
  const given = secretOf(env, variable, prompt)
  if (given !== undefined) return given
  const hidden = stdin.isTTY === true
  // What is typed is not shown: only what is asked.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: silent, terminal: hidden })
  const ask = async (question: string): Promise<string> => {
    if (hidden) stderr.write(`${question}: `)
    const answer = await Promise.race([
      lines.question(''),
      new Promise<string>((done) => lines.once('close', () => done(''))),
    ])
    if (hidden) stderr.write('\n')
    return answer
  }
  try {
    const password = await ask(prompt)
    if (password === '') {
      throw new ClientFailure(
        ExitCode.usage,
        `No password was given: type it, send it to standard input, or set ${variable}`,
      )
    }
    if (isNew && hidden && (await ask('The same again')) !== password) {
      throw new ClientFailure(ExitCode.usage, 'The two passwords are not the same; nothing was changed')
    }
    return password
  } finally {
    lines.close()
  }
}

/** A secret of the environment, or of the file that it names; undefined where neither is set. */
export function secretOf(env: Environment, variable: string, what: string): string | undefined {
  if (env[variable] === undefined && env[`${variable}_FILE`] === undefined) return undefined
  const secrets = new Secrets({ env, readFile: (path) => readFileSync(path, 'utf8') })
  const answer = secrets.read({ variable, what, path: variable, needed: true })
  if (answer.ok) return answer.value
  throw new ClientFailure(ExitCode.usage, `${answer.problem.message} ${answer.problem.mend}`)
}
