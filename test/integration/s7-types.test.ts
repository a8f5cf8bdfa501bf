import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DataType } from '../../src/core/data-type.ts'
import type { TagConfig } from '../../src/core/plant.ts'
import { type S7Type, s7Types, strideOf } from '../../src/sources/s7/types.ts'
import { validateS7 } from '../../src/sources/s7/validate.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { Snap7Plc } from '../support/snap7.ts'

interface Sample {
  readonly bytes: string
  readonly type: DataType
  readonly value: unknown
  /** Declared, of a text. */
  readonly length?: number
}

/** Bytes as the CPU stores them, and the value that a tag of that type reads from them. */
const samples: Readonly<Record<S7Type, Sample>> = {
  BOOL: { bytes: '08', type: 'Boolean', value: true },
  BYTE: { bytes: 'fe', type: 'Byte', value: 254 },
  WORD: { bytes: 'abcd', type: 'UInt16', value: 0xabcd },
  DWORD: { bytes: 'deadbeef', type: 'UInt32', value: 0xdead_beef },
  LWORD: { bytes: '0123456789abcdef', type: 'UInt64', value: 0x0123_4567_89ab_cdefn },
  CHAR: { bytes: 'b0', type: 'String', value: '°' },
  WCHAR: { bytes: '20ac', type: 'String', value: '€' },
  SINT: { bytes: 'fe', type: 'SByte', value: -2 },
  USINT: { bytes: 'fe', type: 'Byte', value: 254 },
  INT: { bytes: 'cfc7', type: 'Int16', value: -12_345 },
  UINT: { bytes: 'cfc7', type: 'UInt16', value: 53_191 },
  DINT: { bytes: '88ca6c00', type: 'Int32', value: -2_000_000_000 },
  UDINT: { bytes: 'ffffffff', type: 'UInt32', value: 4_294_967_295 },
  LINT: { bytes: 'fffffffffffffffe', type: 'Int64', value: -2n },
  ULINT: { bytes: 'fffffffffffffffe', type: 'UInt64', value: 2n ** 64n - 2n },
  REAL: { bytes: 'c2488000', type: 'Float', value: -50.125 },
  LREAL: { bytes: '400921fb54442d18', type: 'Double', value: Math.PI },
  STRING: { bytes: '1e054be4736521', type: 'String', value: 'Käse!', length: 30 },
  WSTRING: { bytes: '000a0003004800e920ac', type: 'String', value: 'Hé€', length: 10 },
  S5TIME: { bytes: '2127', type: 'Double', value: 127_000 },
  TIME: { bytes: 'fffffc18', type: 'Double', value: -1_000 },
  LTIME: { bytes: '000000000016e360', type: 'Double', value: 1.5 },
  DATE: { bytes: '3139', type: 'DateTime', value: Date.UTC(2024, 6, 2) - 7_200_000 },
  TOD: { bytes: '02932e00', type: 'UInt32', value: 43_200_000 },
  LTOD: { bytes: '0000274a48a78000', type: 'Double', value: 43_200_000 },
  DT: { bytes: '2407021530451234', type: 'DateTime', value: Date.UTC(2024, 6, 2, 13, 30, 45, 123) },
  LDT: { bytes: '17de6a0b9cc3c000', type: 'DateTime', value: 0x17de_6a0b_9cc3_c000 / 1e6 },
  DTL: { bytes: '07e80702030f1e2d0754d4c0', type: 'DateTime', value: Date.UTC(2024, 6, 2, 13, 30, 45, 123) },
  TIMER: { bytes: '1127', type: 'Double', value: 12_700 },
  COUNTER: { bytes: '0999', type: 'UInt16', value: 999 },
}

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
