import { obeyOrders } from './misbehave.ts'

/** The engine's own room, which also does what a test orders. */
obeyOrders('engine')
await import('../../src/engine/room.ts')
