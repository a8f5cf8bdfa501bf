import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { TagConfig } from '../../src/core/plant.ts'
import { s7Source } from '../../src/sources/s7/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { s7Device, s7DevicesOf, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { Snap7Plc } from '../support/snap7.ts'

const WAIT = { timeout: 20_000, interval: 20 }

let plc: Snap7Plc | undefined
let source: Source | undefined

afterEach(async () => {
  await source?.stop()
  await plc?.stop()
  source = undefined
  plc = undefined
})

/** Polls `tags` of the running PLC. */
async function poll(tags: readonly TagConfig[]): Promise<RecordingContext> {
  if (!plc) throw new Error('start the PLC first')
  const config = s7SourceConfig([s7Device('line', tags)], { port: plc.port })
  expect(s7Source.validate(config)).toEqual([])
  const context = new RecordingContext(systemClock)
  source = await s7Source.create(config, s7DevicesOf(config), context)
  source.start()
  return context
}

/** Value, or status where there is none, of every tag in the order of the configuration. */
const inOrder = (context: RecordingContext) =>
  [...context.sink.last].sort(([a], [b]) => a - b).map(([, seen]) => seen.value ?? seen.status)

/** Connects to the running PLC, to read when the test says so. */
function connect(clock: Clock, tags: readonly TagConfig[]): Promise<ReadingSession> {
  if (!plc) throw new Error('start the PLC first')
  return ReadingSession.connect(s7SourceConfig([s7Device('line', tags)], { port: plc.port }), clock)
}

describe('a Snap7 CPU', () => {
  it('gives every type its exact value', async () => {
    const db = Buffer.alloc(100)
    db.writeUInt8(0b1000, 0)
    db.writeUInt8(0xfe, 1)
    db.writeUInt16BE(0xabcd, 2)
    db.writeInt16BE(-12_345, 4)
    db.writeUInt32BE(0xdeadbeef, 6)
    db.writeInt32BE(-2_000_000_000, 10)
    db.writeFloatBE(-50.125, 14)
    db.writeDoubleBE(Math.PI, 18)
    db.write('\x1e\x09Käse 5 °C', 26, 'latin1')
    db.writeFloatBE(Number.NaN, 60)
    db.write('\x05\x09', 70, 'latin1')
    plc = await Snap7Plc.start(new Map([[1, db]]))
    const context = await poll([
      s7Tag('bit-set', { type: 'Boolean', address: 'DB1,X0.3' }),
      s7Tag('bit-clear', { type: 'Boolean', address: 'DB1.DBX0.4' }),
      s7Tag('byte', { type: 'Byte', address: 'DB1.DBB1' }),
      s7Tag('word', { type: 'UInt16', address: 'DB1.DBW2' }),
      s7Tag('int', { type: 'Int16', address: 'DB1,INT4' }),
      s7Tag('int-wide', { type: 'Int64', address: 'DB1,INT4' }),
      s7Tag('dword', { type: 'UInt32', address: 'DB1,DWORD6' }),
      s7Tag('dint', { type: 'Int32', address: 'DB1.DBD10' }),
      s7Tag('real', { type: 'Double', address: 'DB1.DBD14', encoding: 'REAL' }),
      s7Tag('lreal', { type: 'Double', address: 'DB1,LREAL18' }),
      s7Tag('string', { type: 'String', address: 'DB1,STRING26.30' }),
      s7Tag('nan', { type: 'Float', address: 'DB1,REAL60' }),
      s7Tag('broken-string', { type: 'String', address: 'DB1,STRING70.5' }),
    ])
    await vi.waitFor(() => {
      expect(inOrder(context)).toHaveLength(13)
    }, WAIT)
    expect(inOrder(context)).toEqual([
      true,
      false,
      0xfe,
      0xabcd,
      -12_345,
      -12_345n,
      0xdeadbeef,
      -2_000_000_000,
      -50.125,
      Math.PI,
      'Käse 5 °C',
      'BadSensorFailure',
      'BadDecodingError',
    ])
    expect(context.state).toBe('connected')
  })

  it('shows a byte that changed on the PLC as a new value', async () => {
    plc = await Snap7Plc.start(new Map([[7, Buffer.alloc(20)]]))
    const context = await poll([
      s7Tag('level', { type: 'Int16', address: 'DB7,INT4' }),
      s7Tag('valve', { type: 'Boolean', address: 'DB7,X10.6' }),
    ])
    await vi.waitFor(() => {
      expect(inOrder(context)).toEqual([0, false])
    }, WAIT)
    const changed = Buffer.alloc(20)
    changed.writeInt16BE(-321, 4)
    changed.writeUInt8(1 << 6, 10)
    await plc.change(7, changed)
    await vi.waitFor(() => {
      expect(inOrder(context)).toEqual([-321, true])
    }, WAIT)
    expect(context.sink.polls.get(0)).toContain(0)
    expect(new Set(context.sink.polls.get(0))).toEqual(new Set([0, -321]))
  })

  it('marks only the tags of a missing data block, and reads them once it is downloaded', async () => {
    plc = await Snap7Plc.start(new Map([[1, Buffer.alloc(20, 1)]]))
    const clock = new ManualClock()
    const session = await connect(clock, [
      s7Tag('there', { type: 'Byte', address: 'DB1,BYTE4' }),
      s7Tag('missing', { type: 'Byte', address: 'DB2,BYTE0' }),
      s7Tag('missing-too', { type: 'UInt16', address: 'DB3,WORD2' }),
    ])
    await session.readAll()
    expect(session.seen()).toEqual([1, 'BadConfigurationError', 'BadConfigurationError'])
    await plc.download(2, Buffer.alloc(4, 9))
    await session.readAll()
    expect(session.seen()).toEqual([1, 'BadConfigurationError', 'BadConfigurationError'])
    await clock.advance(60_000)
    await session.readAll()
    expect(session.seen()).toEqual([1, 9, 'BadConfigurationError'])
    await session.close()
  })

  it('finds the tags behind the end of a data block among their neighbours, and remembers them over connections', async () => {
    plc = await Snap7Plc.start(new Map([[1, Buffer.alloc(50, 3)]]))
    const tags = Array.from({ length: 60 }, (_, byte) =>
      s7Tag(`b${byte}`, { type: 'Byte', address: `DB1,BYTE${byte}` }),
    )
    const session = await connect(new ManualClock(), tags)
    await session.readAll()
    const expected = tags.map((_, byte) => (byte < 50 ? 3 : 'BadConfigurationError'))
    expect(session.seen()).toEqual(expected)
    const learned = session.context.counted('requests')
    await session.readAll()
    expect(session.seen()).toEqual(expected)
    expect(session.context.counted('requests')).toBe(learned + 1)
    await session.reconnect()
    session.context.sink.last.clear()
    await session.readAll()
    expect(session.seen()).toEqual(expected)
    // What is readable, and once more what was not.
    expect(session.context.counted('requests')).toBe(learned + 3)
    await session.close()
  })

  it('still asks a CPU that refuses every tag, so that its silence would be noticed', async () => {
    plc = await Snap7Plc.start(new Map([[1, Buffer.alloc(4)]]))
    const session = await connect(new ManualClock(), [
      s7Tag('a', { type: 'Byte', address: 'DB9,BYTE0' }),
      s7Tag('b', { type: 'Byte', address: 'DB9,BYTE2' }),
    ])
    await session.readAll()
    const learned = session.context.counted('requests')
    await plc.download(9, Buffer.alloc(4, 5))
    await session.readAll()
    expect(session.context.counted('requests')).toBe(learned + 1)
    await session.readAll()
    expect(session.seen()).toEqual([5, 5])
    await session.close()
  })

  it('answers 200 tags scattered over three data blocks, more than any request may hold', async () => {
    const scattered = Array.from({ length: 200 }, (_, n) => ({ db: 1 + (n % 3), offset: 40 * Math.floor(n / 3) }))
    const blocks = new Map([1, 2, 3].map((db) => [db, Buffer.alloc(3_000)]))
    for (const [n, { db, offset }] of scattered.entries()) blocks.get(db)?.writeFloatBE(n + 0.5, offset)
    plc = await Snap7Plc.start(blocks)
    const context = await poll(
      scattered.map(({ db, offset }, n) => s7Tag(`t${n}`, { type: 'Float', address: `DB${db},REAL${offset}` })),
    )
    await vi.waitFor(() => {
      expect(inOrder(context)).toEqual(scattered.map((_, n) => n + 0.5))
    }, WAIT)
    expect(context.counted('refusals')).toBe(0)
    expect(context.counted('timeouts')).toBe(0)
  })

  it('gives 2,000 consecutive values', async () => {
    const db = Buffer.alloc(8_000)
    for (let n = 0; n < 2_000; n++) db.writeFloatBE(n + 0.25, n * 4)
    plc = await Snap7Plc.start(new Map([[1, db]]))
    const context = await poll(
      Array.from({ length: 2_000 }, (_, n) => s7Tag(`t${n}`, { type: 'Double', address: `DB1,REAL${n * 4}` })),
    )
    await vi.waitFor(() => {
      expect(inOrder(context)).toEqual(Array.from({ length: 2_000 }, (_, n) => n + 0.25))
    }, WAIT)
  })

  it('gives the text of the longest STRING', async () => {
    const db = Buffer.alloc(256, 'x')
    db.writeUInt8(254, 0)
    db.writeUInt8(254, 1)
    plc = await Snap7Plc.start(new Map([[1, db]]))
    const session = await connect(new ManualClock(), [s7Tag('text', { type: 'String', address: 'DB1,STRING0.254' })])
    await session.readAll()
    expect(session.seen()).toEqual(['x'.repeat(254)])
    await session.close()
  })
})
