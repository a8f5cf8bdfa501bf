import type { Clock } from '../../src/core/clock.ts'
import { asciiFraming } from '../../src/sources/modbus/framing/ascii.ts'
import { rtuFraming } from '../../src/sources/modbus/framing/rtu.ts'

/** What a register holds: something else in each unit, table and address. */
export const holds = (unitId: number, functionCode: number, address: number): number =>
  (address * 7 + unitId * 1_000 + functionCode * 31) & 0xffff

/** From here on a unit has no registers, and says so with exception 2. */
export const NO_REGISTERS = 5_000

/** Every way we know in which devices on a serial line, adapters and gateways answer wrongly. */
export const lineFaults = [
  'right',
  'mute',
  'late',
  'duplicated',
  'echoed',
  'echoed, then mute',
  'after noise',
  'before noise',
  'only noise',
  'with a wrong check sum',
  'cut short',
  'after a frame of another unit',
  'as another unit',
  'in pieces',
  'with another number of registers',
  'by another function',
] as const
export type LineFault = (typeof lineFaults)[number]

export interface FaultDeviceOptions {
  readonly framing: 'rtu' | 'ascii'
  readonly clock: Clock
  readonly send: (bytes: Buffer) => void
  /** How the next request is answered. */
  readonly next: () => LineFault
  /** In [0, 1). */
  readonly random: () => number
  /** A late answer comes at most so much later than at once. */
  readonly latestMs: number
}

/** All units of a serial line. They have holding and input registers only, and each answers in order. */
export class SerialFaultDevice {
  readonly #options: FaultDeviceOptions
  #rest = Buffer.alloc(0)
  /** When a unit has done what it was asked before. */
  readonly #freeAt = new Map<number, number>()

  constructor(options: FaultDeviceOptions) {
    this.#options = options
  }

  receive(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    // Requests to read have 8 bytes in RTU, and 17 characters in ASCII.
    const length = this.#options.framing === 'rtu' ? 8 : 17
    while (this.#rest.length >= length) {
      const request = this.#rest.subarray(0, length)
      this.#rest = this.#rest.subarray(length)
      this.#answer(request)
    }
  }

  #answer(request: Buffer): void {
    const { framing, next, random, latestMs, clock } = this.#options
    const codec = framing === 'rtu' ? rtuFraming : asciiFraming
    const adu = framing === 'rtu' ? request.subarray(0, 6) : Buffer.from(request.toString('latin1', 1, 13), 'hex')
    const [unitId, functionCode] = [adu.readUInt8(0), adu.readUInt8(1)]
    const [start, count] = [adu.readUInt16BE(2), adu.readUInt16BE(4)]
    const frame = (unit = unitId, code = functionCode, from = start, many = count) =>
      codec.encode(answerOf(unit, code, from, many))
    const noise = () =>
      Buffer.from(Array.from({ length: 1 + Math.floor(random() * 9) }, () => Math.floor(random() * 256)))
    const fault = next()
    const delay = fault === 'late' ? random() * latestMs : random() * 4
    const at = Math.max(this.#freeAt.get(unitId) ?? 0, clock.monotonic() + delay)
    const wrong = Buffer.from(frame())
    wrong.writeUInt8(wrong.readUInt8(4) ^ 1, 4)
    const answers: Record<LineFault, () => readonly Buffer[]> = {
      right: () => [frame()],
      late: () => [frame()],
      mute: () => [],
      duplicated: () => [frame(), frame()],
      echoed: () => [request, frame()],
      'echoed, then mute': () => [request],
      'after noise': () => [noise(), frame()],
      'before noise': () => [frame(), noise()],
      'only noise': () => [noise()],
      'with a wrong check sum': () => [wrong],
      'cut short': () => [frame().subarray(0, -1)],
      'after a frame of another unit': () => [frame(unitId + 9), frame()],
      'as another unit': () => [frame(unitId + 9)],
      'in pieces': () => [frame()],
      'with another number of registers': () => [frame(unitId, functionCode, start, count + 1)],
      'by another function': () => [frame(unitId, 7 - functionCode)],
    }
    const bytes = Buffer.concat(answers[fault]())
    const step = fault === 'in pieces' ? 1 : Math.max(1, bytes.length)
    let then = at
    for (let i = 0; i < bytes.length; i += step, then += 2) this.#at(then, bytes.subarray(i, i + step))
    this.#freeAt.set(unitId, then)
  }

  #at(time: number, bytes: Buffer): void {
    const { clock, send } = this.#options
    clock.after(Math.max(0, time - clock.monotonic()), () => send(bytes))
  }
}

function answerOf(unitId: number, functionCode: number, start: number, count: number): Buffer {
  if (functionCode !== 3 && functionCode !== 4) return Buffer.of(unitId, (functionCode & 0x7f) | 0x80, 1)
  if (start + count > NO_REGISTERS) return Buffer.of(unitId, functionCode | 0x80, 2)
  const data = Buffer.alloc(2 * count)
  for (let i = 0; i < count; i++) data.writeUInt16BE(holds(unitId, functionCode, start + i), 2 * i)
  return Buffer.concat([Buffer.of(unitId, functionCode, data.length), data])
}
