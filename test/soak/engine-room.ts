import { obeyOrders } from '../support/misbehave.ts'

/** The engine room of the program that is soaked, which also does what the soak orders. */
obeyOrders('engine')
const program = process.env.SOAK_PROGRAM ?? ''
await import(`${program}engine/room${program.endsWith('/dist/') ? '.js' : '.ts'}`)
