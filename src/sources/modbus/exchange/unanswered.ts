import type { Clock, Milliseconds } from '../../../core/clock.ts'
import type { ModbusRequest } from '../request.ts'

/** More than anything waits in a device, a gateway and a network together; older ones are forgotten. */
const MOST_REMEMBERED = 256

/**
 * Nothing waits longer, so that an answer that is not there then never comes. Without an end to it a unit that was off
 * for hours would have used up the shapes that it knows, and be asked for what it refuses ever after.
 */
const LATEST: Milliseconds = 30_000

interface Shape {
  readonly request: ModbusRequest
  readonly until: Milliseconds
}

/**
 * What was asked on a serial line and never answered, unit by unit. Nothing in an answer there says which address it is
 * of, so while one may still come, the next question to the same unit must be told apart from it by its shape: its
 * function, or its number of data bytes. A unit answers in order; what has another shape and is answered proves that
 * nothing older will come.
 */
export class Unanswered {
  /** The shapes of each unit, the oldest first. */
  readonly #shapes = new Map<number, Map<string, Shape>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(request: ModbusRequest): void {
    const shapes = this.#of(request.unitId) ?? new Map<string, Shape>()
    this.#shapes.set(request.unitId, shapes)
    shapes.delete(shapeOf(request))
    shapes.set(shapeOf(request), { request, until: this.#clock.monotonic() + LATEST })
    const [oldest] = shapes.keys()
    if (shapes.size > MOST_REMEMBERED && oldest !== undefined) shapes.delete(oldest)
  }

  clear(unitId: number): void {
    this.#shapes.delete(unitId)
  }

  has(unitId: number): boolean {
    return this.#of(unitId) !== undefined
  }

  /** Whether an exception to this function of the unit may belong to a question that was given up. */
  mayRefuse({ unitId, functionCode }: ModbusRequest): boolean {
    const shapes = this.#of(unitId)
    return shapes !== undefined && [...shapes.values()].some(({ request }) => request.functionCode === functionCode)
  }

  /**
   * A question to the unit that no late answer can be taken for the answer to, as like `adu` as can be: a device that
   * knows the one most likely knows the other.
   */
  probeFor(adu: Buffer): Buffer {
    const [unitId = 0, asked = 0] = adu
    const functionCode = readerOf[asked] ?? asked
    // What is about to be written most likely can be read, one by one; of what names no address nothing is known.
    const start = adu.length < READ_BYTES ? 0 : adu.readUInt16BE(2)
    const count = functionCode === asked ? adu.readUInt16BE(4) : 0
    const shapes = this.#of(unitId)
    for (const [otherFunction, otherCount] of likeness(functionCode, count)) {
      const first = Math.min(start, 0x1_0000 - otherCount)
      const dataBytes = otherFunction <= 2 ? Math.ceil(otherCount / 8) : 2 * otherCount
      if (shapes?.has(shapeOf({ unitId, functionCode: otherFunction, dataBytes }))) continue
      const probe = Buffer.alloc(READ_BYTES)
      probe.writeUInt8(unitId, 0)
      probe.writeUInt8(otherFunction, 1)
      probe.writeUInt16BE(first, 2)
      probe.writeUInt16BE(otherCount, 4)
      return probe
    }
    throw new Error('more shapes are remembered than there are')
  }

  /** Of which an answer may still come. */
  #of(unitId: number): Map<string, Shape> | undefined {
    const shapes = this.#shapes.get(unitId)
    if (!shapes) return undefined
    const now = this.#clock.monotonic()
    for (const [name, { until }] of shapes) if (until <= now) shapes.delete(name)
    if (shapes.size > 0) return shapes
    this.#shapes.delete(unitId)
    return undefined
  }
}

const shapeOf = ({ functionCode, dataBytes }: Pick<ModbusRequest, 'functionCode' | 'dataBytes'> & { unitId: number }) =>
  `${functionCode}/${dataBytes}`

/** Unit, function, address and number of what is read. */
const READ_BYTES = 6

/** For functions that write those that read the same table, and for those that name no table the likeliest. */
const readerOf: Readonly<Record<number, number>> = { 5: 1, 15: 1, 6: 3, 16: 3, 22: 3, 17: 3, 43: 3 }

/** The other tables, the likeliest to exist first. */
const otherFunctions: Readonly<Record<number, readonly number[]>> = {
  1: [2, 3, 4],
  2: [1, 4, 3],
  3: [4, 1, 2],
  4: [3, 2, 1],
}

/** Fewer of the same, then one of another table, then any other number, the likeliest to exist first. */
function* likeness(functionCode: number, count: number): Generator<readonly [functionCode: number, count: number]> {
  const [step, most] = functionCode <= 2 ? [8, 2_000] : [1, 125]
  yield [functionCode, count > step ? count - step : count + step]
  for (const other of otherFunctions[functionCode] ?? []) yield [other, 1]
  for (let fewer = count - 2 * step; fewer > 0; fewer -= step) yield [functionCode, fewer]
  for (let more = count + step; more <= most; more += step) yield [functionCode, more]
  for (const other of [3, 4]) for (let more = 1; more <= 125; more++) yield [other, more]
  for (let more = 8; more <= 2_000; more += 8) yield [1, more]
}
