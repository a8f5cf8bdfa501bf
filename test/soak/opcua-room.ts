import { obeyOrders } from '../support/misbehave.ts'

/** The opcua room of the program that is soaked, which also does what the soak orders. */
obeyOrders('opcua')
const program = process.env.SOAK_PROGRAM ?? ''
await import(`${program}opcua/room${program.endsWith('/dist/') ? '.js' : '.ts'}`)
