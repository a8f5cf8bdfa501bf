import { type MessagePort, workerData } from 'node:worker_threads'
import { systemClock } from '../../src/core/clock.ts'
import type { FromRoom, ToRoom } from '../../src/link/contract.ts'
import { Link } from '../../src/link/link.ts'
import { obeyOrders } from './misbehave.ts'

/** The smallest room there can be; it does what a test orders. */
const { port, name } = workerData as { port: MessagePort; name: string }
obeyOrders(name)
const link = new Link<FromRoom, ToRoom>({
  port,
  clock: systemClock,
  serves: { stop: () => null },
  hears: { peer: () => undefined, logLevels: () => undefined },
})
link.tell('ready', { at: systemClock.now() })
