import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import {
  byteOrderOf,
  type ModbusDeviceConfig,
  registerOrders,
  type TagConfig,
  wordOrderOf,
} from '../../src/core/plant.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import type { Encoding } from '../../src/sources/modbus/encoding.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'

let server: PymodbusServer
const running: Source[] = []

beforeAll(async () => {
  server = await PymodbusServer.start()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()))
})
afterAll(() => server.stop())

/** Reads the tags from pymodbus, and answers what they hold, or their status where that is not Good. */
async function read(tags: readonly TagConfig[], fields: Partial<ModbusDeviceConfig> = {}) {
  const config = source([device('plc', { tags, pollMs: 50, ...fields })], { port: server.port, timeoutMs: 1_000 })
  expect(modbusSource.validate(config)).toEqual([])
  const context = new RecordingContext(systemClock)
  const made = await modbusSource.create(config, devicesOf(config), context)
  running.push(made)
  made.start()
  const indexes = tags.map(({ key }) => new TagIndexing({ sources: [config] }).byId(`plc/${key}`)?.index ?? -1)
  await expect.poll(() => indexes.every((index) => context.sink.last.has(index))).toBe(true)
  const seen = indexes.map((index) => context.sink.last.get(index))
  return Object.fromEntries(
    tags.map(({ key }, position) => {
      const last = seen[position]
      return [key, last?.status === 'Good' ? last.value : last?.status]
    }),
  )
}

interface Known {
  readonly type: TagConfig['type']
  /** In the order of the specification. */
  readonly hex: string
  readonly value: unknown
  readonly fields?: Partial<TagConfig>
}

const moment = Date.parse('2024-11-26T12:57:36Z')

/** One known value of each encoding; those of numbers and dates were made with Python's struct and datetime. */
const known: Readonly<Record<Exclude<Encoding, 'bool'>, Known>> = {
  int8: { type: 'SByte', hex: '7ff9', value: 127, fields: { address: '.h' } },
  uint8: { type: 'Byte', hex: '7ff9', value: 249, fields: { address: '.l' } },
  int16: { type: 'Int16', hex: 'cfc7', value: -12_345 },
  uint16: { type: 'UInt16', hex: 'd431', value: 54_321 },
  int32: { type: 'Int32', hex: 'f8a432eb', value: -123_456_789 },
  uint32: { type: 'UInt32', hex: 'ee6b2801', value: 4_000_000_001 },
  int64: { type: 'Int64', hex: 'ffdfffffffffffff', value: -9_007_199_254_740_993n },
  uint64: { type: 'UInt64', hex: 'ffffffffffffffc5', value: 18_446_744_073_709_551_557n },
  float16: { type: 'Float', hex: 'd0b0', value: -37.5 },
  float32: { type: 'Float', hex: '42f6e979', value: Math.fround(123.456) },
  float64: { type: 'Double', hex: '3fb999999999999a', value: 0.1 },
  bcd16: { type: 'UInt16', hex: '9081', value: 9_081 },
  bcd32: { type: 'Double', hex: '12345678', value: 12_345_678 },
  bcd64: { type: 'UInt64', hex: '9876543210123456', value: 9_876_543_210_123_456n },
  string: { type: 'String', hex: '504d353536300000', value: 'PM5560', fields: { length: 8 } },
  bytes: { type: 'ByteString', hex: '0102ff00feff', value: Uint8Array.of(1, 2, 255, 0, 254), fields: { length: 5 } },
  unix32: { type: 'DateTime', hex: '6745c5c0', value: moment },
  unix64: { type: 'DateTime', hex: '000000006745c5c0', value: moment },
  unix64ms: { type: 'DateTime', hex: '00000193688c77f4', value: moment + 500 },
  cp56: { type: 'DateTime', hex: '00180b5a0c398e94', value: moment + 500 },
  date3: { type: 'DateTime', hex: '0b1a7c0c3924', value: moment },
  date6: { type: 'DateTime', hex: '07e8000b001a000c00390024', value: moment },
  date7: { type: 'DateTime', hex: '07e8000b001a000c0039002401f4', value: moment + 500 },
  bcddate: { type: 'DateTime', hex: '2024112612573600', value: moment },
}
const isText = (encoding: string) => encoding === 'string' || encoding === 'bytes'
const combinations = (Object.keys(known) as (keyof typeof known)[]).flatMap((encoding) => {
  const wide = known[encoding].hex.length > 4 && !isText(encoding)
  return registerOrders
    .filter((order) => wide || wordOrderOf(order) === 'big')
    .map((order) => ({ encoding, wide, order, ...known[encoding] }))
})

describe('a Modbus source reading known bytes from pymodbus', () => {
  it('takes every encoding in every order that it can have', async () => {
    const tags: TagConfig[] = []
    const expected: Record<string, unknown> = {}
    let at = 0
    for (const { encoding, type, order, wide, hex, value, fields } of combinations) {
      const [byteOrder, wordOrder] = [byteOrderOf(order), wordOrderOf(order)]
      await server.bytes({ area: 'holding', address: at, byteOrder, wordOrder }, hex)
      const key = `${encoding}-${order}`
      const orders = wide ? { order } : { byteOrder }
      tags.push(tag(key, { type, encoding, ...orders, ...fields, address: `holding:${at}${fields?.address ?? ''}` }))
      expected[key] = value
      at += hex.length / 4
    }
    expect(await read(tags)).toEqual(expected)
  })

  it('takes the order of the device for all that has no order of its own', async () => {
    const order = { byteOrder: 'little', wordOrder: 'little' } as const
    await server.bytes({ area: 'input', address: 0, ...order }, known.uint32.hex)
    await server.bytes({ area: 'input', address: 2, ...order }, known.int16.hex)
    await server.bytes({ area: 'input', address: 3 }, known.uint32.hex)
    const values = await read(
      [
        tag('wide', { type: 'UInt32', address: 'input:0' }),
        tag('narrow', { type: 'Int16', address: 'input:2' }),
        tag('own', { type: 'UInt32', address: 'input:3', order: 'ABCD' }),
      ],
      order,
    )
    expect(values).toEqual({ wide: 4_000_000_001, narrow: -12_345, own: 4_000_000_001 })
  })

  it.each([
    ['ascii', 'trim', '4b696c6f2020', 6, 'Kilo'],
    ['ascii', 'keep', '4b696c6f2000', 6, 'Kilo \0'],
    ['latin1', 'trim', '6bfc686c2020', 6, 'kühl'],
    ['utf-8', 'nul', '6bc3bc2000ff', 6, 'kü '],
    ['utf-16be', 'trim', '006b00fc00680000', 4, 'küh'],
    ['utf-16le', 'space', '6b00fc0068002000', 4, 'küh'],
  ] as const)('takes text in %s whose padding is %s', async (charset, padding, hex, length, text) => {
    await server.bytes({ area: 'holding', address: 1_000 }, hex)
    const fields = { type: 'String', address: 'holding:1000', length, charset, padding } as const
    expect(await read([tag('own', fields)])).toEqual({ own: text })
    const plain = { type: 'String', address: 'holding:1000', length } as const
    expect(await read([tag('inherited', plain)], { charset, padding })).toEqual({ inherited: text })
  })

  it('takes digits and characters that are none as the fault of their tag alone', async () => {
    await server.bytes({ area: 'holding', address: 1_100 }, '12a4000a00016bfc000701f4')
    const values = await read([
      tag('bcd16', { type: 'UInt16', address: 'holding:1100', encoding: 'bcd16' }),
      tag('bcd32', { type: 'UInt32', address: 'holding:1101', encoding: 'bcd32' }),
      tag('text', { type: 'String', address: 'holding:1103', length: 2 }),
      tag('right', { type: 'UInt16', address: 'holding:1104' }),
      tag('byte', { type: 'Byte', address: 'holding:1105' }),
    ])
    expect(values).toEqual({
      bcd16: 'BadDecodingError',
      bcd32: 'BadDecodingError',
      text: 'BadDecodingError',
      right: 7,
      byte: 'BadDecodingError',
    })
  })
})

describe('an array of a Modbus tag', () => {
  it('is read in every table and of every kind of element', async () => {
    for (const [index, value] of [1.5, -2.25, 1e6].entries()) {
      await server.put({ area: 'input', address: 500 + 2 * index, encoding: 'float32', wordOrder: 'little', value })
    }
    await server.bytes({ area: 'holding', address: 1_500 }, '0f00000161626364')
    await server.bits({ area: 'coil', address: 100 }, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1)
    await server.bits({ area: 'discrete', address: 99 }, 0, 0, 0, 0, 0, 1, 1)
    const values = await read([
      tag('floats', { type: 'Float', address: 'input:500', wordOrder: 'little', arrayLength: 3 }),
      tag('bits', { type: 'Boolean', address: 'holding:1500.10', arrayLength: 8 }),
      tag('bytes', { type: 'Byte', address: 'holding:1501.l', arrayLength: 3 }),
      tag('texts', { type: 'String', address: 'holding:1502', length: 2, arrayLength: 2 }),
      tag('coils', { type: 'Boolean', address: 'coil:101', arrayLength: 9 }),
      tag('inputs', { type: 'Boolean', address: 'discrete:104', arrayLength: 2 }),
      tag('one', { type: 'UInt16', address: 'holding:1500', arrayLength: 1 }),
    ])
    expect(values).toEqual({
      floats: [1.5, -2.25, 1e6],
      bits: [true, true, false, false, false, false, true, false],
      bytes: [1, 97, 98],
      texts: ['ab', 'cd'],
      coils: [false, false, true, true, false, false, false, false, true],
      inputs: [true, true],
      one: [0x0f00],
    })
  })

  it('has no value where one element has none, and its neighbours have theirs', async () => {
    await server.bytes({ area: 'holding', address: 1_600 }, '00010a02000300040005')
    const values = await read([
      tag('whole', { type: 'UInt16', encoding: 'bcd16', address: 'holding:1600', arrayLength: 4 }),
      tag('after', { type: 'UInt16', encoding: 'bcd16', address: 'holding:1602', arrayLength: 2 }),
    ])
    expect(values).toEqual({ whole: 'BadDecodingError', after: [3, 4] })
  })
})

describe('a date of a Modbus tag', () => {
  it('is the clock of the device in its time zone, unless it is UTC by itself', async () => {
    await server.bytes({ area: 'holding', address: 1_700 }, `${known.date6.hex}${known.unix32.hex}`)
    const values = await read(
      [
        tag('local', { type: 'DateTime', address: 'holding:1700', encoding: 'date6' }),
        tag('utc', { type: 'DateTime', address: 'holding:1706', encoding: 'unix32' }),
      ],
      { timeZone: 'Europe/Berlin' },
    )
    expect(values).toEqual({ local: moment - 3_600_000, utc: moment })
  })

  it('that is impossible is the fault of its tag alone', async () => {
    await server.bytes({ area: 'holding', address: 1_800 }, '07e80002001e000c003900240000000000000000')
    const values = await read([
      tag('february', { type: 'DateTime', address: 'holding:1800', encoding: 'date6' }),
      tag('empty', { type: 'DateTime', address: 'holding:1806', encoding: 'cp56' }),
      tag('day', { type: 'UInt16', address: 'holding:1802' }),
    ])
    expect(values).toEqual({ february: 'BadDecodingError', empty: 'BadDecodingError', day: 30 })
  })
})

describe('an address of a Modbus tag', () => {
  it.each([
    ['holding:1200', {}],
    ['HOLDING:0x4B0', {}],
    ['hr:1201', { addressBase: 1 }],
    ['41201', {}],
    ['401201', { addressBase: 1 }],
    ['4x1201', {}],
    ['4x01201', {}],
    ['HR1201', {}],
    ['HRI1201', {}],
    ['%MW1200', { addressBase: 1 }],
    ['%MD1200', { iecMemory: 'words' }],
    ['%MD600', { iecMemory: 'bytes' }],
  ] as const)('%s is the register that pymodbus serves there', async (address, fields) => {
    await server.put({ area: 'holding', address: 1_200, encoding: 'int32', value: -70_000 })
    expect(await read([tag('t', { type: 'Int32', address })], fields)).toEqual({ t: -70_000 })
  })

  it.each([
    ['HRF1301', 'Float', 1.5],
    ['HRD1311', 'Double', 0.1],
    ['HRUI1321', 'UInt32', 4_000_000_001],
    ['HRUS1331', 'UInt16', 54_321],
    ['HRI_641341', 'Int64', -9n],
    ['HRUI_641351', 'UInt64', 9n],
    ['HRBCD1361', 'UInt16', 9_081],
    ['HRBCD_321371', 'UInt32', 12_345_678],
    ['HRS1381:6', 'String', 'PM5560'],
    ['%MF1300', 'Float', 1.5],
  ] as const)('%s says how the value lies there', async (address, type, value) => {
    const place = (at: number) => ({ area: 'holding', address: at }) as const
    await server.put({ ...place(1_300), encoding: 'float32', value: 1.5 })
    await server.put({ ...place(1_310), encoding: 'float64', value: 0.1 })
    await server.put({ ...place(1_320), encoding: 'uint32', value: 4_000_000_001 })
    await server.put({ ...place(1_330), encoding: 'uint16', value: 54_321 })
    await server.put({ ...place(1_340), encoding: 'int64', value: -9n })
    await server.put({ ...place(1_350), encoding: 'uint64', value: 9n })
    await server.bytes(place(1_360), known.bcd16.hex)
    await server.bytes(place(1_370), known.bcd32.hex)
    await server.put({ ...place(1_380), encoding: 'string', value: 'PM5560' })
    expect(await read([tag('t', { type, address })])).toEqual({ t: value })
  })

  it.each([
    ['30101', { type: 'UInt16', value: 77 }],
    ['3x101', { type: 'UInt16', value: 77 }],
    ['IR101', { type: 'UInt16', value: 77 }],
    ['input:100', { type: 'UInt16', value: 77 }],
    ['ir:100.0', { type: 'Boolean', value: true }],
    ['30101.1', { type: 'Boolean', value: false }],
    ['10018', { type: 'Boolean', value: true }],
    ['1x18', { type: 'Boolean', value: true }],
    ['DI18', { type: 'Boolean', value: true }],
    ['di:17', { type: 'Boolean', value: true }],
    ['00012', { type: 'Boolean', value: true }],
    ['C12', { type: 'Boolean', value: true }],
    ['co:11', { type: 'Boolean', value: true }],
    ['%M11', { type: 'Boolean', value: true }],
    ['%M12', { type: 'Boolean', value: false }],
  ] as const)('%s is in the other tables', async (address, { type, value }) => {
    await server.put({ area: 'input', address: 100, encoding: 'uint16', value: 77 })
    await server.bits({ area: 'discrete', address: 16 }, 0, 1, 0)
    await server.bits({ area: 'coil', address: 10 }, 0, 1, 0)
    expect(await read([tag('t', { type, address })])).toEqual({ t: value })
  })

  it('names bits from the end that the device counts from', async () => {
    await server.put({ area: 'holding', address: 1_400, encoding: 'uint16', value: 0x8001 })
    await server.put({ area: 'holding', address: 1_401, encoding: 'uint16', value: 0x0008 })
    const bits = (...addresses: string[]) => addresses.map((address, i) => tag(`b${i}`, { type: 'Boolean', address }))
    const lsb = await read(bits('holding:1400.15', 'holding:1401.3', '41402.3', '%MW1401.X3', 'holding:1401.12'))
    expect(Object.values(lsb)).toEqual([true, true, true, true, false])
    const msb = await read(bits('holding:1400.0', 'holding:1401.12', '41402.12', 'holding:1401.3'), { bitOrder: 'msb' })
    expect(Object.values(msb)).toEqual([true, true, true, false])
    const inBytes = await read(bits('%MX2802.3', '%MX2801.7', '%MX2803.3'), { iecMemory: 'bytes' })
    expect(Object.values(inBytes)).toEqual([true, true, false])
  })
})
