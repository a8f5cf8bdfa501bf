import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TagValue } from '../../src/core/data-type.ts'
import type { S7SourceConfig, TagConfig } from '../../src/core/plant.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { type S7Type, s7Types, strideOf } from '../../src/sources/s7/types.ts'
import { type Fault, FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { samples } from '../support/s7-samples.ts'
import { Snap7Plc } from '../support/snap7.ts'
import { Snap7Client } from '../support/snap7-client.ts'
import { WritingSource } from '../support/writing-source.ts'

/** Snap7 is written to, and another client of Snap7 reads what is there. */
const ROOM = 48
const PLACE = 10
const FILL = 0x91
const writable = s7Types.filter((type) => type !== 'TIMER' && type !== 'COUNTER')
const arrays = writable.filter((type) => type !== 'BOOL' && type !== 'STRING' && type !== 'WSTRING')
const placeOf = (position: number) => position * ROOM + PLACE
const declared = (type: S7Type) => samples[type].length ?? 0

/** What a sample is written as: the day of the week, which nobody reads, is right. */
const written = (type: S7Type): string => (type === 'DT' ? '2407021530451233' : samples[type].bytes)

const tagOf = (type: S7Type, position: number): TagConfig => {
  const { type: dataType, length } = samples[type]
  const address = `DB1,${type}${placeOf(position)}${type === 'BOOL' ? '.3' : length === undefined ? '' : `.${length}`}`
  return s7Tag(type.toLowerCase(), { type: dataType, address, access: 'readWrite' })
}

const arrayOf = (type: S7Type, position: number): TagConfig =>
  s7Tag(`${type.toLowerCase()}s`, {
    type: samples[type].type,
    address: `DB2,${type}${placeOf(position)}`,
    arrayLength: 3,
    access: 'readWrite',
  })

const extra: readonly TagConfig[] = [
  s7Tag('scaled', {
    type: 'Double',
    address: 'DB3,INT0',
    access: 'readWrite',
    transform: { linear: { raw: [0, 27_648], value: [0, 100] } },
  }),
  s7Tag('bits', { type: 'Boolean', address: 'DB3,BOOL2.0', arrayLength: 16, access: 'readWrite' }),
  s7Tag('flag', { type: 'Boolean', address: 'M5.6', access: 'readWrite' }),
  s7Tag('output', { type: 'Byte', address: 'QB1', access: 'readWrite' }),
  s7Tag('text', { type: 'String', address: 'DB3,STRING10.20', access: 'readWrite' }),
  s7Tag('missing', { type: 'Int16', address: 'DB9,INT0', access: 'readWrite' }),
  s7Tag('behind', { type: 'Int16', address: 'DB3,INT3000', access: 'readWrite' }),
  s7Tag('echo', { type: 'Int16', address: 'DB3,INT40', access: 'readWrite', write: { confirm: 'echo' } }),
]

const commands = [
  {
    key: 'set',
    name: 'Set',
    parameters: [{ key: 'to', name: 'To', type: 'Double' as const }],
    writes: [
      { tag: 'scaled', value: '$to' },
      { tag: 'missing', value: 3 },
      { tag: 'flag', value: true },
    ],
  },
]

let plc: Snap7Plc
let proxy: FaultProxy
let client: Snap7Client
let writing: WritingSource

async function begin(tags: readonly TagConfig[], fields: Partial<S7SourceConfig> = {}): Promise<void> {
  const cpu = s7Device('cpu', tags, { pollMs: 60, commands })
  const config = s7SourceConfig([cpu], { port: proxy.port, timeZone: 'Europe/Berlin', timeoutMs: 200, ...fields })
  writing = await WritingSource.start(config)
}

beforeAll(async () => {
  const areas = { M: Buffer.alloc(16, FILL), Q: Buffer.alloc(16, FILL) }
  const size = writable.length * ROOM
  const blocks = new Map([1, 2, 3].map((number) => [number, Buffer.alloc(size, FILL)]))
  plc = await Snap7Plc.start(blocks, areas)
  proxy = await FaultProxy.start(plc.port)
  client = new Snap7Client()
  await client.connect(plc.port)
})

afterAll(async () => {
  client.disconnect()
  await proxy.close()
  await plc.stop()
})

beforeEach(async () => {
  const memory = Buffer.alloc(writable.length * ROOM, FILL)
  // The program declares texts as long as the tags say.
  memory.writeUInt8(declared('STRING'), placeOf(writable.indexOf('STRING')))
  memory.writeUInt16BE(declared('WSTRING'), placeOf(writable.indexOf('WSTRING')))
  const block = Buffer.alloc(memory.length)
  block.writeUInt8(6, 10)
  await plc.change(1, memory)
  await plc.change(3, block)
})

afterEach(async () => {
  proxy.faultOfWrite = () => undefined
  await writing.stop()
})

describe('what is written to a CPU', () => {
  it('lies there in every type as another client reads it, and nothing beside it has changed', async () => {
    await begin(writable.map(tagOf))
    for (const [position, type] of writable.entries()) {
      const delivery = await writing.write(type.toLowerCase(), samples[type].value as TagValue)
      expect(delivery, type).toEqual({ state: 'confirmed', reason: '' })
      const found = await client.read(1, position * ROOM, ROOM)
      const bytes = type === 'BOOL' ? '99' : written(type)
      const expected = Buffer.alloc(ROOM, FILL)
      if (type === 'LDT') continue
      expected.write(bytes, PLACE, 'hex')
      expect(found.toString('hex'), type).toBe(expected.toString('hex'))
    }
  })

  it('lies there as arrays', async () => {
    await begin(arrays.map(arrayOf))
    for (const [position, type] of arrays.entries()) {
      const { value } = samples[type]
      const delivery = await writing.write(`${type.toLowerCase()}s`, [value, value, value] as TagValue)
      expect(delivery, type).toEqual({ state: 'confirmed', reason: '' })
      if (type === 'LDT') continue
      const length = 3 * strideOf(type, 0)
      const found = await client.read(2, placeOf(position), length + 1)
      expect(found.toString('hex'), type).toBe(`${written(type).repeat(3)}${FILL.toString(16)}`)
    }
  })

  it('lies there through its transform, in bits, in bit memory and outputs', async () => {
    await begin(extra)
    expect(await writing.write('scaled', 50)).toMatchObject({ state: 'confirmed' })
    expect((await client.read(3, 0, 2)).readInt16BE()).toBe(13_824)
    expect(writing.seen('scaled')?.value).toBe(13_824)
    const bits = Array.from({ length: 16 }, (_, n) => n % 3 === 0)
    expect(await writing.write('bits', bits)).toMatchObject({ state: 'confirmed' })
    expect((await client.read(3, 2, 2)).toString('hex')).toBe('4992')
    expect(await writing.write('flag', true)).toMatchObject({ state: 'confirmed' })
    expect(await writing.write('output', 7)).toMatchObject({ state: 'confirmed' })
  })

  it('is never longer than the program declares a text, whatever the tag says', async () => {
    await begin(extra)
    expect(await writing.write('text', 'sixsix')).toMatchObject({ state: 'confirmed' })
    const delivery = await writing.write('text', 'sevenup')
    expect(delivery).toMatchObject({ state: 'refused', status: StatusCode.BadOutOfRange })
    expect(delivery.reason).toContain('declares at most 6')
    expect((await client.read(3, 10, 9)).toString('latin1')).toBe('\x06\x06sixsix\0')
  })

  it('is refused with the reason where the CPU has no such place', async () => {
    await begin(extra)
    const refused = { state: 'refused', status: StatusCode.BadConfigurationError }
    expect(await writing.write('missing', 1)).toMatchObject(refused)
    const behind = await writing.write('behind', 1)
    expect(behind).toMatchObject(refused)
    expect(behind.reason).toContain('DB3,INT3000')
  })

  it('ends with the first tag of a command that is refused, and says what was written', async () => {
    await begin(extra)
    const delivery = await writing.send({ kind: 'command', command: 'set', arguments: { to: 25 } })
    expect(delivery).toMatchObject({ state: 'failed', status: StatusCode.BadConfigurationError })
    expect(delivery.reason).toContain('Written before it: "scaled". Not written: "flag"')
    expect((await client.read(3, 0, 2)).readInt16BE()).toBe(6_912)
  })
})

describe('a write to a CPU that everything happens to', () => {
  it.each<readonly [string, readonly Fault[]]>([
    ['whose answer is lost', ['mute', 'late', 'wrong-reference']],
    ['under which the connection breaks', ['rst', 'garbage']],
  ])('%s is settled by reading back, or else uncertain', async (_, faults) => {
    await begin(extra)
    for (const [position, fault] of faults.entries()) {
      proxy.faultOfWrite = () => fault
      const delivery = await writing.write('scaled', 75 - 25 * position)
      expect(delivery, fault).toMatchObject({ state: 'confirmed', reason: expect.stringContaining('holds the value') })
      expect(await writing.write('echo', 5), fault).toMatchObject({ state: 'uncertain' })
      await expect.poll(() => writing.context.state, { timeout: 5_000 }).toBe('connected')
    }
  })

  it('is never confirmed by an answer that is none', async () => {
    await begin(extra)
    for (const fault of ['wrong-function', 'wrong-count', 'wrong-kind', 'shortened'] as const) {
      proxy.faultOfWrite = () => fault
      expect(await writing.write('echo', 6), fault).toMatchObject({ state: 'uncertain' })
      expect(await writing.write('scaled', 75), fault).toMatchObject({ state: 'uncertain' })
    }
  })
})
