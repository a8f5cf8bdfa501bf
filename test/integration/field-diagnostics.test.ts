import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { diagnose } from '../../src/cli/field/diagnose.ts'
import { frames } from '../../src/cli/field/frames.ts'
import { readOnce } from '../../src/cli/field/read-once.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { FrameRecord, SourceDiagnostics } from '../../src/core/diagnostics.ts'
import type { Gateway } from '../../src/main.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import { s7Source } from '../../src/sources/s7/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { freePort } from '../support/free-port.ts'
import {
  modbusSource as modbusSourceOf,
  type PlantFolder,
  s7Source as s7SourceOf,
  writePlant,
} from '../support/gateway.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { FaultServer, faults } from '../support/modbus-fault-server.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7Device, s7DevicesOf, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { shared } from '../support/shared.ts'
import { Snap7Plc } from '../support/snap7.ts'

const at = (url: string) => ({ url: new URL(url), certificate: undefined })

const WAIT = { timeout: 20_000, interval: 20 }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Anything that ends, ended after the test. */
function ending<Thing>(thing: Thing, end: (thing: Thing) => unknown): Thing {
  ends.push(() => end(thing))
  return thing
}

function running(made: Source): Source {
  made.start()
  return ending(made, (each) => each.stop())
}

async function polls(port: number, most = 2): Promise<Source> {
  const tags = Array.from({ length: most }, (_, i) =>
    tag(`t${i}`, { type: 'UInt16', address: `holding:${100 + 5 * i}` }),
  )
  const config = source([device('meter', { pollMs: 50, tags })], { port, timeoutMs: 100 })
  return running(await modbusSource.create(config, devicesOf(config), new RecordingContext(systemClock)))
}

const traced = (from: Source): readonly FrameRecord[] => from.trace?.(0).frames ?? []
const meter = (from: Source) => from.diagnose?.().devices.get('meter')

describe('the diagnostics of a Modbus line', () => {
  it('tell how fast a device answers, and how much of what is read its tags use', async () => {
    const server = ending(await FaultServer.start(faults.right), (each) => each.stop())
    const line = await polls(server.port)
    await expect.poll(() => meter(line)?.answered, WAIT).toBeGreaterThan(3)
    const found = meter(line)
    expect(found).toMatchObject({
      blocks: 1,
      muteBlocks: 0,
      refusedBlocks: 0,
      failures: {},
    })
    expect(found?.roundTrip?.p99).toBeGreaterThanOrEqual(found?.roundTrip?.p50 ?? Number.POSITIVE_INFINITY)
    // Two registers are tags, four lie between them.
    expect(found?.read?.used).toBe((found?.read?.bytes ?? 0) / 3)
  })

  it('tell timeouts, wrong answers and exceptions apart', async () => {
    const server = ending(await FaultServer.start(faults.right), (each) => each.stop())
    const line = await polls(server.port)
    await expect.poll(() => meter(line)?.answered, WAIT).toBeGreaterThan(0)
    server.behave = faults.mute
    await expect.poll(() => meter(line)?.failures.timeout, WAIT).toBeGreaterThan(0)
    server.behave = faults['another unit']
    await expect.poll(() => meter(line)?.failures.violation, WAIT).toBeGreaterThan(0)
    server.behave = ({ socket, transactionId, unitId }) =>
      void socket.write(Buffer.of(transactionId >> 8, transactionId & 0xff, 0, 0, 0, 3, unitId, 0x83, 4))
    await expect.poll(() => meter(line)?.refusals['exception 4'], WAIT).toBeGreaterThan(0)
  })

  it('say of a dead device that its breaker is open', async () => {
    const server = ending(await FaultServer.start(faults.mute), (each) => each.stop())
    const line = await polls(server.port)
    await expect.poll(() => line.polling?.()?.breakers.meter?.state, WAIT).toMatch(/open/)
    expect(meter(line)).not.toHaveProperty('lastAnswerAt')
    expect(meter(line)).not.toHaveProperty('roundTrip')
  })

  it('keep the frames: question, answer, stray, timeout and the end of the connection', async () => {
    const server = ending(await FaultServer.start(faults.duplicated), (each) => each.stop())
    const line = await polls(server.port)
    const kinds = () => traced(line).map(({ kind }) => kind)
    await vi.waitFor(() => expect(kinds()).toContain('stray'), WAIT)
    expect(traced(line).find(({ kind }) => kind === 'sent')?.text).toMatch(/unit 1: read holding:100–105 \(6\)$/)
    expect(traced(line).find(({ kind }) => kind === 'answer')?.text).toMatch(
      /unit 1: holding:100 = 100 101 102 103 104 105$/,
    )
    server.behave = faults.mute
    await vi.waitFor(() => expect(traced(line).at(-1)?.text).toMatch(/did not answer within 100 ms/), WAIT)
    server.behave = faults.garbage
    await vi.waitFor(() => expect(kinds()).toContain('invalid'), WAIT)
    const invalid = traced(line).find(({ kind }) => kind === 'invalid')
    expect(Buffer.from(invalid?.hex ?? '', 'hex').toString()).toContain('HTTP/1.1 400')
  })

  it('show what pymodbus says', async () => {
    const peer = ending(await PymodbusServer.start(), (each) => each.stop())
    await peer.put({ area: 'holding', address: 100, encoding: 'uint16', value: 4_711 })
    await peer.put({ area: 'holding', address: 105, encoding: 'uint16', value: 815 })
    const line = await polls(peer.port)
    // The addresses between the two do not exist there, so they are refused together and read one by one.
    await vi.waitFor(() => {
      const texts = traced(line).map(({ text }) => text)
      expect(texts).toContainEqual(
        expect.stringMatching(/exception 2, illegal data address; asked: read holding:100–105/),
      )
      expect(texts).toContainEqual(expect.stringMatching(/holding:100 = 4711$/))
      expect(texts).toContainEqual(expect.stringMatching(/holding:105 = 815$/))
    }, WAIT)
    expect(meter(line)).toMatchObject({ blocks: 2, refusals: { 'exception 2': 1 } })
  })
})

describe('the diagnostics of an S7 CPU', () => {
  const polled = async (port: number): Promise<Source> => {
    const tags = [
      s7Tag('good', { type: 'Int16', address: 'DB1,INT0' }),
      s7Tag('behind-the-end', { type: 'Int16', address: 'DB1,INT400' }),
    ]
    const config = s7SourceConfig([s7Device('plc', tags)], { port, timeoutMs: 200 })
    return running(await s7Source.create(config, s7DevicesOf(config), new RecordingContext(systemClock)))
  }
  const plc = (from: Source) => from.diagnose?.().devices.get('plc')

  it('tell round trips, return codes and what was negotiated', async () => {
    const cpu = ending(await Snap7Plc.start(new Map([[1, Buffer.alloc(20)]])), (each) => each.stop())
    const line = await polled(cpu.port)
    await expect.poll(() => plc(line)?.read?.bytes, WAIT).toBeGreaterThan(0)
    expect(Object.keys(plc(line)?.refusals ?? {})).toEqual([expect.stringMatching(/^return code 0x/)])
    expect(plc(line)?.roundTrip?.p50).toBeGreaterThan(0)
    const texts = traced(line).map(({ text }) => text)
    expect(texts).toContainEqual('ISO connection request to TSAP 01.02, as of rack 0, slot 2')
    expect(texts).toContainEqual(expect.stringMatching(/answer: set up communication, PDU \d+ bytes/))
    expect(texts).toContainEqual(expect.stringMatching(/job: read DB1 byte 0 \(2\)/))
    expect(texts).toContainEqual(expect.stringMatching(/answer: read DB1 byte 0 \(2\) = 0000/))
  })

  it('count what a broken network does to its answers', async () => {
    const cpu = ending(await Snap7Plc.start(new Map([[1, Buffer.alloc(20)]])), (each) => each.stop())
    const proxy = ending(await FaultProxy.start(cpu.port), (each) => each.close())
    const line = await polled(proxy.port)
    await expect.poll(() => plc(line)?.answered, WAIT).toBeGreaterThan(0)
    proxy.fault = () => 'mute'
    await expect.poll(() => plc(line)?.failures.timeout, WAIT).toBeGreaterThan(0)
    proxy.fault = () => 'wrong-count'
    await expect.poll(() => plc(line)?.failures.violation, WAIT).toBeGreaterThan(0)
    proxy.fault = () => 'wrong-reference'
    await vi.waitFor(() => {
      expect(traced(line).map(({ text }) => text)).toContainEqual(
        expect.stringMatching(/answers nothing that is asked/),
      )
    }, WAIT)
  })
})

describe('a running gateway', () => {
  let server: FaultServer
  let cpu: Snap7Plc
  let plant: PlantFolder
  let gateway: Gateway
  let url: string

  shared(
    async () => {
      server = await FaultServer.start(faults.right)
      cpu = await Snap7Plc.start(new Map([[1, Buffer.from([0, 0, 0x12, 0x34])]]))
      plant = await writePlant([
        modbusSourceOf(server.port, [{ key: 'power', type: 'UInt16', address: 'holding:7' }]),
        s7SourceOf(cpu.port, [{ key: 'speed', type: 'Int16', address: 'DB1,INT0' }]),
      ])
      gateway = await startGatewayOf(plant)
      url = `http://127.0.0.1:${gateway.httpPort}`
    },
    async () => {
      await gateway?.stop()
      plant?.remove()
      await cpu?.stop()
      await server?.stop()
    },
  )
  beforeEach(() => {
    server.behave = faults.right
  })

  const said = () => {
    const lines: string[] = []
    return { lines, line: (text: string) => void lines.push(text), notice: (text: string) => void lines.push(text) }
  }

  it('is diagnosed over HTTP and on the command line', async () => {
    const ask = async (path: string) => (await fetch(`${url}${path}`)).json() as Promise<SourceDiagnostics>
    await expect.poll(async () => (await ask('/diagnostics/line')).devices[0]?.answered, WAIT).toBeGreaterThan(2)
    expect(await ask('/diagnostics/line')).toMatchObject({
      key: 'line',
      state: 'connected',
      line: { failures: {}, refusals: {} },
      devices: [{ key: 'meter', state: 'online', breaker: { state: 'closed', failures: 0 }, blocks: 1 }],
      polling: { load: expect.any(Number) },
    })

    const table = said()
    expect(await diagnose(undefined, { gateway: at(url), json: false }, table)).toBe(0)
    expect(table.lines.join('\n')).toMatch(
      /line: connected[\s\S]+meter +online +1 [\s\S]+cpu: connected[\s\S]+plc +online/,
    )

    const trace = said()
    const options = { gateway: at(url), follow: false, json: false }
    expect(await frames('line', options, trace, new AbortController().signal)).toBe(0)
    expect(trace.lines.join('\n')).toMatch(
      /→ transaction \d+, unit 1: read holding:7 \(1\)\n +([0-9a-f]{2} ){11}[0-9a-f]{2}/,
    )
    expect(trace.lines.join('\n')).toMatch(/← transaction \d+, unit 1: holding:7 = 7/)
  })

  it('reads one address between two polls, over HTTP and on the command line', async () => {
    const get = async (path: string) => {
      const response = await fetch(`${url}/diagnostics/${path}`)
      return { status: response.status, body: (await response.json()) as object }
    }
    await expect.poll(async () => (await get('line/read?address=holding:40')).status, WAIT).toBe(200)
    await expect.poll(async () => (await get('cpu/read?address=DB1,WORD2')).status, WAIT).toBe(200)
    expect(await get('line/read?device=meter&address=holding:40')).toMatchObject({
      body: { address: 'holding:40', type: 'UInt16', value: 40, status: 'Good' },
    })
    expect(await get('cpu/read?address=DB1,WORD2')).toMatchObject({ body: { value: 0x1234, status: 'Good' } })
    expect(await get('cpu/read?address=DB9,WORD2')).toMatchObject({
      status: 200,
      body: { value: null, status: 'BadConfigurationError' },
    })

    expect(await get('line/read?address=holding:70000')).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/0 to 65535 are allowed/) },
    })
    expect(await get('line/read?device=pump&address=holding:1')).toMatchObject({ status: 404 })
    expect(await get('other/read?address=holding:1')).toMatchObject({ status: 404 })

    const out = said()
    expect(await readOnce('line', 'holding:41', { config: 'none', url, json: true }, {}, out)).toBe(0)
    expect(JSON.parse(out.lines[0] ?? '')).toMatchObject({ address: 'holding:41', value: 41, status: 'Good' })
    expect(await readOnce('cpu', 'DB9,WORD2', { config: 'none', url }, {}, out)).toBe(4)
    const wrong = readOnce('line', 'holding:1', { config: 'none', url, type: 'Flaot' }, {}, out)
    await expect(wrong).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('mean Float') })
    const both = readOnce('line', 'holding:1', { config: 'none', url, frames: true }, {}, out)
    await expect(both).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('--frames') })
  })

  it('reads one address at a time, and says so to whoever comes meanwhile', async () => {
    const get = (address: string) => fetch(`${url}/diagnostics/line/read?address=${address}`)
    await expect.poll(async () => (await get('holding:40')).status, WAIT).toBe(200)
    server.behave = (asked) => (asked.start === 99 ? faults.mute() : faults.right(asked))
    const both = await Promise.all([get('holding:99'), get('holding:99')])
    expect(both.map(({ status }) => status).sort()).toEqual([429, 504])
    await expect.poll(async () => (await get('holding:40')).status, WAIT).toBe(200)
  })

  it('goes on telling what comes over the connection until it is told to end', async () => {
    const abort = new AbortController()
    const trace = said()
    const done = frames('line', { gateway: at(url), follow: true, json: true }, trace, abort.signal)
    await expect.poll(() => trace.lines.length, WAIT).toBeGreaterThan(0)
    const before = trace.lines.length
    await expect.poll(() => trace.lines.length, WAIT).toBeGreaterThan(before + 20)
    abort.abort()
    expect(await done).toBe(0)
    const numbers = trace.lines.map((line) => (JSON.parse(line) as FrameRecord).number)
    expect(numbers).toEqual(Array.from(numbers, (_, at) => numbers[0]! + at))
  })

  it('names the sources there are not', async () => {
    await expect(diagnose('other', { gateway: at(url), json: false }, said())).rejects.toMatchObject({
      exitCode: 5,
      message: 'There is no source with the key "other".',
    })
  })

  it('that does not run is named by its address', async () => {
    const port = await freePort()
    await expect(
      diagnose(undefined, { gateway: at(`http://127.0.0.1:${port}`), json: false }, said()),
    ).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`No gateway answers at http://127.0.0.1:${port}`),
    })
  })
})
