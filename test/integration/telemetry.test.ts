import { dirname } from 'node:path'
import { AttributeIds, DataType } from 'node-opcua'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { LocalGateway } from '../../src/cli/config/local-gateway.ts'
import { logLevel } from '../../src/cli/log-level.ts'
import { systemClock } from '../../src/core/clock.ts'
import { traced as within } from '../../src/core/tracing.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import type { Gateway } from '../../src/main.ts'
import { startTracing } from '../../src/telemetry/telemetry.ts'
import { TraceScope } from '../../src/telemetry/trace-scope.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { HALL, TENANT_KEY } from '../support/chirpstack-server.ts'
import { setUp, siteOf } from '../support/chirpstack-site.ts'
import { freePort } from '../support/free-port.ts'
import { API_KEY_ENV, modbusSource, PASSWORD, type PlantFolder, USER, writePlant } from '../support/gateway.ts'
import { scraped } from '../support/gateway-health.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { WritableServer } from '../support/modbus-writable-server.ts'
import { recordingLogger } from '../support/opcua-room.ts'
import { type CollectedSpan, OtlpCollector } from '../support/otlp-collector.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'

/** Values that are nowhere else, so that they would be found wherever they were told. */
const WRITTEN = 54_321
const MEASURED = 21.375
const ASKED = '4bf92f3577b34da6a3ce929d0e0e4736'

let collector: OtlpCollector
let meter: WritableServer
let chirpStack: SimulatedChirpStack
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient

beforeAll(async () => {
  collector = await OtlpCollector.start()
  meter = await WritableServer.start()
  chirpStack = new SimulatedChirpStack({ clock: systemClock })
  setUp(chirpStack, siteOf([HALL]))
  const tags = [{ key: 'power', address: 'holding:0', type: 'UInt16' }]
  const tunable = ['setpoint', 'limit'].map((key, at) => ({ key, type: 'UInt16', address: `holding:${at}` }))
  const hall = { key: 'hall', devEui: HALL, tags: [{ key: 'warmth', type: 'Double', address: 'object.warmth' }] }
  const lora = { url: `http://127.0.0.1:${await chirpStack.listen()}`, tenantId: TENANT, devices: [hall] }
  const written = await writePlant(
    [
      modbusSource(
        meter.port,
        tunable.map((tag) => ({ ...tag, access: 'readWrite' })),
      ),
      { ...modbusSource(await freePort(), tags, { key: 'gone' }), key: 'dead' },
      { key: 'lora', kind: 'chirpstack', ...lora },
    ],
    { [API_KEY_ENV]: TENANT_KEY },
  )
  const sampling = { polls: 0.2, calls: 1, events: 1, services: 0, requests: 0 }
  const config = JSON.parse(written.text.replace('"Observer"', '"Operator"')) as object
  const text = JSON.stringify({ ...config, telemetry: { otlp: { sampling } } })
  // The endpoint stands where a container has it.
  plant = { ...written, text, env: { ...written.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } }
  gateway = await startGatewayOf(plant)
  scada = await ScadaClient.connect(plant.endpointUrl)
  await eventually(async () => expect(await scada.read('meter/limit')).toMatchObject({ status: 'Good' }))
  await eventually(() => expect(chirpStack.openStreams(HALL)).toBe(1))
})
afterAll(async () => {
  await scada.end()
  await gateway.stop()
  await meter.stop()
  await chirpStack.close()
  await collector.close()
  plant.remove()
})

const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 15_000, interval: 50 })
const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${gateway.httpPort}${path}`, init)
const answered = async () => scraped(await (await ask('/metrics')).text())
const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`
const command = (headers: Record<string, string>) =>
  ask('/api/v1/commands', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ device: 'meter', tag: 'setpoint', value: WRITTEN }),
  })
const named = (spans: readonly CollectedSpan[], name: string) => spans.find((span) => span.name === name)
/** The span and what it is a part of, as far as that is here. */
function wayUp(span: CollectedSpan | undefined): string[] {
  if (!span) return []
  const parent = collector.spans.find(({ spanId }) => spanId === span.parentSpanId)
  return [`${span.thread}: ${span.name}`, ...wayUp(parent)]
}

describe('a running gateway', () => {
  it('tells Prometheus how it is, with a source that it cannot reach', async () => {
    await eventually(async () =>
      expect(await answered()).toContainEqual({
        name: 'penstock_source_state',
        labels: { source: 'dead', state: 'backoff' },
        value: 1,
      }),
    )
    const answer = await ask('/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = scraped(await answer.text())
    expect(lines).toContainEqual({ name: 'penstock_ready', labels: {}, value: 1 })
    expect(lines).toContainEqual({ name: 'penstock_opcua_sessions', labels: {}, value: 1 })
    expect(lines.find(({ name }) => name === 'penstock_tags')?.value).toBeGreaterThanOrEqual(4)
    expect(lines).toContainEqual({
      name: 'penstock_line_failed_requests_total',
      labels: { source: 'dead', reason: 'timeout' },
      value: 0,
    })
  })

  it('tells Prometheus of each of its threads how late it is and how much memory it has', async () => {
    const lines = await answered()
    const threads = ['main', 'engine', 'opcua']
    const of = (wanted: string) => lines.filter(({ name }) => name === wanted)
    const loops = threads.flatMap((thread) => ['0.5', '0.99', '1'].map((quantile) => ({ thread, quantile })))
    expect(of('penstock_event_loop_delay_seconds').map(({ labels }) => labels)).toEqual(loops)
    for (const { labels, value } of of('penstock_heap_used_bytes')) {
      expect(value).toBeGreaterThan(1_000_000)
      const limit = of('penstock_heap_limit_bytes').find(({ labels: { thread } }) => thread === labels.thread)
      expect(limit?.value).toBeGreaterThan(value)
    }
    expect(of('penstock_heap_used_bytes').map(({ labels }) => labels.thread)).toEqual(threads)
  })

  it('names each check when it is asked whether it is ready', async () => {
    const answer = await ask('/readyz')
    expect(answer.status).toBe(200)
    const { ready, checks } = (await answer.json()) as { ready: boolean; checks: { name: string; state: string }[] }
    expect(ready).toBe(true)
    const names = ['engine', 'opcua', 'safe-mode', 'engine-heard', 'store', 'history', 'certificates', 'disk']
    expect(checks.map(({ name }) => name)).toEqual(names)
    expect(checks.slice(0, 2).map(({ state }) => state)).toEqual(['ok', 'ok'])
  })

  it('says how much of the disk of its data folder is free', async () => {
    const { disk } = await gateway.health()
    expect(disk.freeBytes).toBeGreaterThanOrEqual(0)
    expect(disk.sizeBytes).toBeGreaterThan(0)
  })

  it('logs more of a device when its operator says so, shows it, and writes down who did', async () => {
    const local = new LocalGateway(
      { url: `http://127.0.0.1:${gateway.httpPort}`, config: plant.file, data: `${dirname(plant.file)}/data` },
      plant.env,
    )
    const said: string[] = []
    const out = { line: (text: string) => void said.push(text), notice: () => undefined }
    const set = (target: string, level: string) => logLevel(local, { target, level }, { for: '2m' }, out)
    expect(await set('line/meter', 'debug')).toBe(0)
    expect(said.at(-1)).toMatch(/^line\/meter logs debug until 20.+ \(set by local\)$/)
    expect((await gateway.health()).logLevels).toMatchObject([
      { target: 'line/meter', level: 'debug', by: { user: 'local', origin: 'cli' } },
    ])
    await expect(set('line/metre', 'debug')).rejects.toThrow('There is no device of line "metre"; meter is one.')
    await expect(set('line', 'loud')).rejects.toThrow('no level "loud"; there are debug,')
    expect(await set('line/meter', 'reset')).toBe(0)
    expect(said.slice(-2)).toEqual([
      'line/meter logs as configured again.',
      'Everything is logged as the configuration says.',
    ])
    const { rows } = await local.ask<{ rows: { action: string; subject: string }[] }>('GET', '/audit?limit=5')
    expect(rows.map(({ action, subject }) => [action, subject])).toEqual(
      expect.arrayContaining([
        ['log-level.set', 'line/meter'],
        ['log-level.return', 'line/meter'],
      ]),
    )
    // Who only operates the plant does not set what is logged of it.
    expect((await ask('/api/v1/log-levels', { headers: { authorization } })).status).toBe(403)
  })
})

describe('a gateway with a collector', () => {
  it('shows the life of a command that is asked for over HTTP as one trace, gone on with from the asker', async () => {
    const answer = await command({ authorization, traceparent: `00-${ASKED}-00f067aa0ba902b7-01` })
    expect(answer.status).toBe(202)
    const inTrace = () => collector.spans.filter(({ traceId }) => traceId === ASKED)
    await eventually(() => expect(inTrace().map(({ name }) => name)).toContain('command'))
    await eventually(() => expect(inTrace().map(({ name }) => name)).toContain('POST /api/v1/commands'))
    expect(meter.registers[0]).toBe(WRITTEN)
    const spans = inTrace()
    expect(named(spans, 'POST /api/v1/commands')?.parentSpanId).toBe('00f067aa0ba902b7')
    const life = ['engine: command', 'main: POST /api/v1/commands']
    expect(wayUp(named(spans, 'field write'))).toEqual(['engine: field write', 'engine: command sending', ...life])
    expect(wayUp(named(spans, 'command queued'))).toEqual(['engine: command queued', ...life])
    expect(named(spans, 'command')?.facts).toMatchObject({
      'penstock.device': 'meter',
      'penstock.tag': 'setpoint',
      'penstock.command.state': 'confirmed',
      'penstock.command.origin': 'http',
    })
  })

  it('shows a write of an OPC UA client from its request in one room to the device of another', async () => {
    const value = { value: { dataType: DataType.UInt16, value: WRITTEN } }
    const attributeId = AttributeIds.Value
    const status = await scada.session.write({ nodeId: scada.nodeId('meter/limit'), attributeId, value })
    expect(status.name).toBe('Good')
    const isWrite = ({ facts, name }: CollectedSpan) => name === 'field write' && facts['penstock.tag'] === 'limit'
    await eventually(() =>
      expect(wayUp(collector.spans.find(isWrite))).toEqual([
        'engine: field write',
        'engine: command sending',
        'engine: command',
        'opcua: OPC UA Write',
      ]),
    )
    expect(named(collector.spans, 'OPC UA Write')?.facts).toMatchObject({
      'opcua.operations': 1,
      'opcua.status': 'Good',
    })
  })

  it('shows the way of an uplink to the clients that are told', async () => {
    const seen = await scada.watch('hall/warmth')
    await eventually(() => expect(seen()).not.toEqual([]))
    chirpStack.uplink(HALL, { object: { warmth: MEASURED } })
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: MEASURED, status: 'Good' }))
    const publish = () => collector.spans.filter(({ name }) => name === 'OPC UA publish').map(wayUp)
    await eventually(() =>
      expect(publish()).toContainEqual([
        'opcua: OPC UA publish',
        'opcua: OPC UA values',
        'engine: ChirpStack event up',
      ]),
    )
  })

  it('shows calls to ChirpStack, and poll cycles with their requests, a share of them', async () => {
    await eventually(() => expect(named(collector.spans, 'poll cycle')).toBeDefined())
    const cycle = named(collector.spans, 'poll cycle')
    expect(cycle?.facts).toEqual({
      'penstock.source': 'line',
      'penstock.device': 'meter',
      'penstock.poll.period_ms': 100,
      'penstock.poll.requests': 1,
    })
    const requests = collector.spans.filter(({ parentSpanId }) => parentSpanId === cycle?.spanId)
    expect(requests.map(({ name }) => name)).toEqual(['modbus read'])
    expect(named(collector.spans, 'ChirpStack DeviceService.List')?.facts).toMatchObject({
      'rpc.system.name': 'grpc',
      'rpc.method': 'DeviceService/List',
      'server.address': '127.0.0.1',
    })
  })

  it('lets nobody unknown lay a trace, and samples nothing that is not asked for', async () => {
    const strange = '11111111111111111111111111111111'
    expect((await command({ traceparent: `00-${strange}-00f067aa0ba902b7-01` })).status).toBe(401)
    expect((await command({ authorization, traceparent: 'no trace' })).status).toBe(202)
    await eventually(() => expect(collector.spans.filter(({ name }) => name === 'command')).toHaveLength(3))
    expect(collector.spans.some(({ traceId }) => traceId === strange)).toBe(false)
    expect(collector.spans.some(({ name }) => name === 'OPC UA Read' || name.startsWith('GET'))).toBe(false)
  })

  it('tells the collector no value, no password, no key and no user, and counts what it tells', async () => {
    const told = collector.bodies.join()
    expect(told).toContain('"meter"')
    for (const secret of [String(WRITTEN), String(MEASURED), PASSWORD, TENANT_KEY, USER]) {
      expect(told).not.toContain(secret)
    }
    const exported = (await answered()).filter(({ name }) => name === 'penstock_trace_spans_exported_total')
    expect(exported.map(({ labels }) => labels.thread)).toEqual(['main', 'engine', 'opcua'])
    for (const { value } of exported) expect(value).toBeGreaterThan(0)
  })
})

describe('a collector', () => {
  const begun: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const each of begun.splice(0)) await each.close()
  })

  /** One thread that traces what changes, and its collector. */
  async function traced(mood: OtlpCollector['mood']) {
    const one = await OtlpCollector.start()
    begun.push(one)
    one.mood = mood
    const clock = new ManualClock()
    const { log, logged } = recordingLogger()
    const scope = new TraceScope()
    const ratios = { poll: 0, call: 0, event: 0, service: 0, request: 0, upkeep: 0 }
    const settings = { endpoint: `${one.endpoint}/`, timeoutMs: 200, ratios, gateway: 'Plant', version: '1' }
    const traces = await startTracing(settings, { thread: 'main', scope, clock, log, random: Math.random })
    begun.push({ close: () => traces.stop() })
    return { collector: one, clock, logged, scope, traces }
  }

  it('gets spans with their facts, links and failures, whose ids stand in the lines of the log', async () => {
    const { collector: one, scope, traces } = await traced('answer')
    const linked = `00-${ASKED}-00f067aa0ba902b7-01`
    const span = traces.tracing.begin('change', 'command', { links: [linked, 'none'] })
    span?.set({ 'penstock.device': 'meter', tries: 2 })
    const work = async () => {
      await Promise.resolve()
      const { trace_id, span_id } = scope.logFields()
      expect(`00-${trace_id}-${span_id}-01`).toBe(span?.trace)
      throw new RangeError('no')
    }
    await expect(within(traces.tracing, span, String, work)).rejects.toThrow(RangeError)
    expect(scope.logFields()).toEqual({})
    await traces.stop()
    expect(one.spans).toMatchObject([
      {
        thread: 'main',
        name: 'command',
        facts: { 'penstock.device': 'meter', tries: 2 },
        links: [`${ASKED}/00f067aa0ba902b7`],
        hasFailed: true,
      },
    ])
  })

  it.each([400, 503, 'silent'] as const)(
    'that is out of order (%s) costs spans, counted, and one line',
    async (mood) => {
      const { clock, logged, traces } = await traced(mood)
      for (let span = 0; span < 3; span++) traces.tracing.begin('change', 'command')?.end()
      await clock.advance(2_000)
      await eventually(() => expect(traces.health).toMatchObject({ exported: 0, dropped: 3, waiting: 0 }))
      traces.tracing.begin('change', 'command')?.end()
      await clock.advance(2_000)
      // It is left alone for a while.
      expect(traces.health).toMatchObject({ waiting: 1 })
      expect(logged.map(({ level, fields }) => [level, Object.keys(fields)])).toEqual([['warn', ['endpoint', 'cause']]])
    },
  )
})
