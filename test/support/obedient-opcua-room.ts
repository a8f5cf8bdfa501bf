import { obeyOrders } from './misbehave.ts'

/** The OPC UA server's own room, which also does what a test orders. */
obeyOrders('opcua')
await import('../../src/opcua/room.ts')
