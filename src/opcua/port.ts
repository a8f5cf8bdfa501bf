import { createServer } from 'node:net'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { pause } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'

const RETRY_EVERY: Milliseconds = 200
const TRIES = 10

/**
 * Waits until the port can be bound: a room that died may still hold it for a moment, and node-opcua does not survive
 * a failed attempt. Rejects with CONNECTION_LOST when another program has it.
 */
export async function waitForPort(host: string | undefined, port: number, clock: Clock): Promise<void> {
  for (let tries = 1; ; tries++) {
    const error = await tryToBind(host, port)
    if (!error) return
    if (error.code !== 'EADDRINUSE' || tries === TRIES) {
      throw new PenstockError(
        'CONNECTION_LOST',
        `The OPC UA server cannot listen at ${host ?? '*'}:${port} (${error.code}): end what uses the port, or configure another`,
        { cause: error },
      )
    }
    await pause(clock, RETRY_EVERY, new AbortController().signal)
  }
}

function tryToBind(host: string | undefined, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', resolve)
    probe.listen({ port, ...(host === undefined ? {} : { host }) }, () => probe.close(() => resolve(undefined)))
  })
}
