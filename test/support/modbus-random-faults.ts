import { setTimeout as delay } from 'node:timers/promises'
import { type Asked, type Behaviour, type FaultServer, faults, frame } from './modbus-fault-server.ts'

/** Every seventh address is refused, each by one of these: so an exception that belongs to another question shows. */
const EXCEPTIONS = [1, 2, 3, 4, 5, 6, 8, 10, 11] as const
export const refusalOf = (address: number): number | undefined =>
  address % 7 === 0 ? EXCEPTIONS[(address / 7) % EXCEPTIONS.length] : undefined

/** Often: what costs the client no time. */
const quick = [
  'duplicated',
  'another unit',
  'another function',
  'too few registers',
  'too many registers',
  'a lying byte count',
  'an exception without end',
] as const
/** Seldom: what costs a timeout or a connection. */
const costly = [
  'mute',
  'late',
  'overtaken',
  'another transaction',
  'the transaction before',
  'byte by byte',
  'a foreign protocol',
  'a length of nonsense',
  'garbage',
  'half an answer, then the end',
  'the end (FIN)',
  'a reset (RST)',
] as const

const REFUSED_FOR_MS = 10

/** Answers at random in every way we know in which devices, gateways and networks answer wrongly. */
export function randomFaults(server: FaultServer, random: () => number): Behaviour {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  const deaf = new WeakSet<Asked['socket']>()
  return async (asked) => {
    const { socket, transactionId, unitId, functionCode, start } = asked
    if (deaf.has(socket)) return
    const exception = refusalOf(start)
    const right =
      exception === undefined ? asked.right : frame(transactionId, Buffer.of(unitId, functionCode | 0x80, exception))
    const dice = random()
    if (dice < 0.0005) {
      // Half-open: it still listens, and says nothing any more.
      deaf.add(socket)
    } else if (dice < 0.001) {
      await server.refuseFor(REFUSED_FOR_MS)
      socket.resetAndDestroy()
    } else if (dice < 0.03) {
      await (faults[one(costly)] as Behaviour)({ ...asked, right })
    } else if (dice < 0.15) {
      await (faults[one(quick)] as Behaviour)({ ...asked, right })
    } else if (dice < 0.3) {
      const cut = Math.floor(random() * right.length)
      socket.write(right.subarray(0, cut))
      await delay(0)
      if (socket.writable) socket.write(right.subarray(cut))
    } else {
      socket.write(right)
    }
  }
}
