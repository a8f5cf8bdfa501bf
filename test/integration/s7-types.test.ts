import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DataType } from '../../src/core/data-type.ts'
import type { TagConfig } from '../../src/core/plant.ts'
import { type S7Type, s7Types, strideOf } from '../../src/sources/s7/types.ts'
import { validateS7 } from '../../src/sources/s7/validate.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { samples } from '../support/s7-samples.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { Snap7Plc } from '../support/snap7.ts'

const PLACE = 10
const bytewise = s7Types.filter((type) => type !== 'TIMER' && type !== 'COUNTER')

/** Memory with the value at byte 10 among bytes that are none of it, and once more behind, as an array has it. */
function memoryOf(type: S7Type): Buffer {
  const { bytes, length = 0 } = samples[type]
  const memory = Buffer.alloc(200, 0x99)
  for (const n of [0, 1]) memory.write(bytes, PLACE + n * strideOf(type, length), 'hex')
  return memory
}

/** Bit 3 of a BOOL. */
const placeOf = (type: S7Type) =>
  type === 'BOOL' ? `X${PLACE}.3` : `${type}${PLACE}${samples[type].length ? `.${samples[type].length}` : ''}`

let plc: Snap7Plc | undefined
let session: ReadingSession | undefined

afterEach(async () => {
  await session?.close()
  await plc?.stop()
  session = undefined
  plc = undefined
})

async function read(tags: readonly TagConfig[]): Promise<unknown[]> {
  const fields = { port: plc?.port ?? 0, timeZone: 'Europe/Berlin' }
  const config = s7SourceConfig([s7Device('line', tags)], fields)
  expect(validateS7(config)).toEqual([])
  session = await ReadingSession.connect(config, new ManualClock())
  await session.readAll()
  return session.seen()
}

describe('a Snap7 CPU', () => {
  it.each(bytewise)('gives a %s its exact value in every area, and an array of them', async (type) => {
    const memory = memoryOf(type)
    plc = await Snap7Plc.start(new Map([[1, memory]]), { M: memory, I: memory, Q: memory })
    const { type: dataType, value } = samples[type]
    const place = placeOf(type)
    const tags = [`DB1,${place}`, `M${place}`, `I${place}`, `Q${place}`].map((address, n) =>
      s7Tag(`t${n}`, { type: dataType, address }),
    )
    const array = s7Tag('array', { type: dataType, address: `DB1,${place}`, arrayLength: 2 })
    const second = type === 'BOOL' ? false : value
    expect(await read([...tags, array])).toEqual([value, value, value, value, [value, second]])
  })

  it('gives timers and counters by their number', async () => {
    // Snap7's server takes half the number for the first byte, where a CPU, and Snap7's own client, mean twice of it.
    const timers = Buffer.alloc(40)
    timers.write('11272030', 5 >> 1, 'hex')
    const counters = Buffer.alloc(40)
    counters.write('0999', 3 >> 1, 'hex')
    plc = await Snap7Plc.start(new Map(), { T: timers, C: counters })
    const values = await read([
      s7Tag('t5', { type: 'Double', address: 'T5' }),
      s7Tag('t6', { type: 'Int64', address: 'T6' }),
      s7Tag('c3', { type: 'UInt16', address: 'C3' }),
      s7Tag('z3', { type: 'Double', address: 'Z3' }),
      s7Tag('both', { type: 'UInt32', address: 'T5', arrayLength: 2 }),
      s7Tag('missing', { type: 'Double', address: 'T100' }),
    ])
    expect(values).toEqual([12_700, 30_000n, 999, 999, [12_700, 30_000], 'BadConfigurationError'])
  })

  it("gives every notation of Siemens' own the same bits, bytes, words and double words", async () => {
    const memory = Buffer.from([0b0000_1000, 0x11, 0x22, 0x33, 0x44, 0x55])
    plc = await Snap7Plc.start(new Map([[1, memory]]), { M: memory, I: memory, Q: memory })
    const places = (letter: string) => [`${letter}0.3`, `${letter}B1`, `${letter}W2`, `${letter}D2`]
    const db = ['DB1.DBX0.3', 'DB1.DBB1', '%DB1.DBW2', '%DB1.DBD2']
    const addresses = [db, ...['M', 'I', 'E', 'Q', 'A', '%M', 'V'].map(places)]
    const types = ['Boolean', 'Byte', 'UInt16', 'UInt32'] as const
    const tags = addresses.flatMap((four, row) =>
      four.map((address, n) => s7Tag(`t${row}-${n}`, { type: types[n] as DataType, address })),
    )
    const devices = addresses.map((_, row) => s7Device(`d${row}`, tags.slice(4 * row, 4 * row + 4)))
    session = await ReadingSession.connect(s7SourceConfig(devices, { port: plc.port }), new ManualClock())
    await session.readAll()
    expect(session.seen()).toEqual(addresses.flatMap(() => [true, 0x11, 0x2233, 0x2233_4455]))
  })

  it('that has no peripheral inputs says so of these tags alone', async () => {
    plc = await Snap7Plc.start(new Map([[1, Buffer.of(7)]]))
    const values = await read([
      s7Tag('there', { type: 'Byte', address: 'DB1,BYTE0' }),
      s7Tag('periphery', { type: 'UInt16', address: 'PIW256' }),
    ])
    expect(values).toEqual([7, 'BadConfigurationError'])
    expect(session?.warnings).toEqual([expect.stringMatching(/PIW256.*S7-300 and S7-400 only/)])
  })
})

describe('an array that a reply of the CPU', () => {
  const reals = s7Tag('reals', { type: 'Float', address: 'DB1,REAL0', arrayLength: 100 })
  const single = s7Tag('single', { type: 'Float', address: 'DB1,REAL4' })
  const elements = Array.from({ length: 100 }, (_, n) => n + 0.5)

  beforeEach(async () => {
    const db = Buffer.alloc(400)
    for (const [n, value] of elements.entries()) db.writeFloatBE(value, 4 * n)
    plc = await Snap7Plc.start(new Map([[1, db]]))
  })

  it('carries is read whole, in one request', async () => {
    expect(await read([reals, single])).toEqual([elements, 1.5])
    expect(session?.context.counted('requests')).toBe(1)
  })

  it('does not carry is refused in words, and its neighbours are read', async () => {
    const config = s7SourceConfig([s7Device('line', [reals, single])], { port: plc?.port ?? 0, pdu: 240 })
    session = await ReadingSession.connect(config, new ManualClock())
    for (const _round of [1, 2]) {
      await session.readAll()
      expect(session.seen()).toEqual(['BadConfigurationError', 1.5])
    }
    expect(session.warnings).toEqual([expect.stringMatching(/400 bytes long.*at most 222/)])
  })
})
