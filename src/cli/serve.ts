import { setTimeout as delay } from 'node:timers/promises'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { GatewayOptions } from '../gateway/options.ts'
import { type Gateway, startGateway } from '../main.ts'

/** A second signal, or this long after the first, ends the process at once. */
const STOP_WITHIN_MS = 5_000

/**
 * Runs the gateway until SIGTERM or SIGINT, then ends it in order with exit code 0. `onEnd` ends what else runs.
 * An error nobody handled ends the process with code 1, for whoever supervises it to start it again.
 */
export async function serve(
  options: GatewayOptions,
  onEnd: () => Promise<void> = async () => undefined,
): Promise<Gateway> {
  const gateway = await startGateway(options)
  const end = async (signal: string) => {
    options.log.info({ signal }, 'gateway stops')
    try {
      const late = delay(STOP_WITHIN_MS, 'late' as const, { ref: false })
      const inOrder = await Promise.race([gateway.stop(), late])
      if (inOrder === 'late') {
        options.log.error({ withinMs: STOP_WITHIN_MS }, 'gateway did not stop in time and is ended now')
      } else await Promise.race([onEnd(), late])
      process.exit(inOrder === true ? 0 : 1)
    } catch (error) {
      options.log.error({ error: describeError(error) }, 'gateway did not stop in order')
      process.exit(1)
    }
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1))
      void end(signal)
    })
  }
  process.on('uncaughtException', (error) => failed(options.log, error))
  process.on('unhandledRejection', (error) => failed(options.log, error))
  return gateway
}

function failed(log: Logger, error: unknown): void {
  log.error(
    { error: describeError(error), stack: error instanceof Error ? error.stack : undefined },
    'gateway failed and ends',
  )
  process.exit(1)
}
