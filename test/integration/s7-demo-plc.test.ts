import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { lineSignals, MixingLine } from '../../src/demo/s7/plant.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { s7Source } from '../../src/sources/s7/source-type.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { s7Device, s7DevicesOf, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { Snap7Client } from '../support/snap7-client.ts'

const WAIT = { timeout: 20_000, interval: 20 }

let line: MixingLine
let plc: SimulatedPlc
let port: number

beforeEach(async () => {
  line = new MixingLine(new ManualClock())
  plc = new SimulatedPlc({ blocks: line.blocks, writable: line.writable, slot: 2 })
  port = await plc.listen()
})

afterEach(() => plc.close())

const lineTags = () => lineSignals.map(({ key, address, type }) => s7Tag(key, { address, type }))

describe('the demo PLC, read by Penstock', () => {
  it('shows every signal of the line', async () => {
    const config = s7SourceConfig([s7Device('line', lineTags())], { port })
    expect(s7Source.validate(config)).toEqual([])
    const session = await ReadingSession.connect(config, systemClock)
    await session.readAll()
    const seen = Object.fromEntries(lineSignals.map(({ key }, n) => [key, session.seen()[n]]))
    expect(seen).toMatchObject({
      'inlet-open': false,
      phase: 0,
      batches: 0,
      level: 5,
      volume: 0,
      recipe: 'Lemonade',
      'temperature-setpoint': 62.5,
      'level-setpoint': 80,
      enabled: true,
    })
    line.step(15)
    line.step(5)
    await session.readAll()
    expect(session.seen()[0]).toBe(true)
    expect(session.seen()[8]).toBeGreaterThan(5)
    await session.close()
  })

  it('is found again by itself after it was switched off and on', async () => {
    const config = s7SourceConfig([s7Device('line', lineTags(), { pollMs: 50 })], { port, connectTimeoutMs: 1_000 })
    const context = new RecordingContext(systemClock)
    const source = await s7Source.create(config, s7DevicesOf(config), context)
    source.start()
    await vi.waitFor(() => {
      expect(context.state).toBe('connected')
      expect(context.sink.last.get(17)).toEqual({ value: true, status: 'Good' })
    }, WAIT)
    await plc.close()
    await vi.waitFor(() => {
      expect(context.state).toBe('backoff')
    }, WAIT)
    expect(context.sink.last.get(17)).toEqual({ value: true, status: 'UncertainNoCommunicationLastUsableValue' })
    await plc.listen(port)
    await vi.waitFor(() => {
      expect(context.state).toBe('connected')
      expect(context.sink.last.get(17)).toEqual({ value: true, status: 'Good' })
    }, WAIT)
    await source.stop()
    await expect.poll(() => plc.connections).toBe(0)
  })

  it('serves fifty gateways at once', async () => {
    const config = s7SourceConfig([s7Device('line', lineTags())], { port })
    const sessions = await Promise.all(Array.from({ length: 50 }, () => ReadingSession.connect(config, systemClock)))
    await Promise.all(sessions.map((session) => session.readAll()))
    for (const session of sessions) expect(session.seen()).toHaveLength(lineSignals.length)
    expect(plc.connections).toBe(50)
    await Promise.all(sessions.map((session) => session.close()))
  })

  it('that grants more than a small PDU is asked accordingly less often', async () => {
    const blocks = new Map([[1, Buffer.alloc(900, 7)]])
    const tags = Array.from({ length: 45 }, (_, n) => s7Tag(`t${n}`, { type: 'Byte', address: `DB1,BYTE${n * 20}` }))
    const requests: number[] = []
    for (const largestPdu of [100, 240, 960]) {
      const other = new SimulatedPlc({ blocks, largestPdu })
      const config = s7SourceConfig([s7Device('line', tags)], { port: await other.listen() })
      const session = await ReadingSession.connect(config, systemClock)
      await session.readAll()
      expect(session.seen()).toEqual(tags.map(() => 7))
      requests.push(session.context.counted('requests'))
      await session.close()
      await other.close()
    }
    expect(requests).toEqual([...requests].sort((a, b) => b - a))
    expect(new Set(requests).size).toBe(3)
  })

  it('gives the short text of a STRING that is declared longer than its PDU, and says so of a long text', async () => {
    const memory = Buffer.alloc(512)
    memory.write('\xfe\x05short', 0, 'latin1')
    memory.writeUInt8(254, 256)
    memory.writeUInt8(230, 257)
    const small = new SimulatedPlc({ blocks: new Map([[1, memory]]), largestPdu: 240 })
    const tags = [
      s7Tag('short', { type: 'String', address: 'DB1,STRING0.254' }),
      s7Tag('long', { type: 'String', address: 'DB1,STRING256.254' }),
    ]
    const config = s7SourceConfig([s7Device('line', tags)], { port: await small.listen() })
    const session = await ReadingSession.connect(config, systemClock)
    await session.readAll()
    expect(session.seen()).toEqual(['short', 'BadDecodingError'])
    await session.close()
    await small.close()
  })
})

describe('the demo PLC, used by a Snap7 client', () => {
  let client: Snap7Client

  beforeEach(async () => {
    client = new Snap7Client()
    await client.connect(port)
  })

  afterEach(() => client.disconnect())

  it('grants the PDU of an S7-1200', () => {
    expect(client.pdu).toBe(240)
  })

  it('gives its data blocks, also in more requests than one', async () => {
    expect((await client.read(1, 38, 10)).toString('latin1')).toBe('\x14\x08Lemonade')
    const large = new SimulatedPlc({ blocks: new Map([[1, Buffer.alloc(2_000, 3)]]) })
    const other = new Snap7Client()
    await other.connect(await large.listen())
    expect(await other.read(1, 0, 2_000)).toEqual(Buffer.alloc(2_000, 3))
    other.disconnect()
    await large.close()
  })

  it('refuses what is not there, item by item', async () => {
    const [there, behindTheEnd, noBlock] = await client.readMany([
      { db: 2, start: 4, size: 2 },
      { db: 2, start: 4, size: 200 },
      { db: 77, start: 0, size: 1 },
    ])
    expect(there).toEqual(Buffer.from([0, 80]))
    expect(behindTheEnd).toMatch(/out of range/i)
    expect(noBlock).toMatch(/not available/i)
  })

  it('lets its settings be written, and nothing else', async () => {
    await client.write(2, 4, Buffer.from([0, 42]))
    expect(plc.db(2)?.readInt16BE(4)).toBe(42)
    await client.writeBit(2, 6, 0, false)
    expect(plc.db(2)?.readUInt8(6)).toBe(0)
    const before = Buffer.from(plc.db(1) ?? [])
    await expect(client.write(1, 0, Buffer.from([255]))).rejects.toThrow()
    expect(plc.db(1)).toEqual(before)
  })

  it('answers only to its own slot', async () => {
    await expect(new Snap7Client().connect(port, 3)).rejects.toThrow()
  })
})
