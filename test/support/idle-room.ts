import { type MessagePort, workerData } from 'node:worker_threads'
import { systemClock } from '../../src/core/clock.ts'
import type { FromRoom, ToRoom } from '../../src/link/contract.ts'
import { Link } from '../../src/link/link.ts'

/** A room that is there and does nothing, where a test has no use for what it would do. */
const { port } = workerData as { port: MessagePort }
const link = new Link<FromRoom, ToRoom>({
  port,
  clock: systemClock,
  serves: { stop: () => null },
  hears: { peer: ({ port: peer }) => peer.close(), logLevels: () => undefined },
})
link.tell('ready', { at: systemClock.now() })
