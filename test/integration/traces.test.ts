import { AttributeIds, DataType } from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { modbusSource, PASSWORD, type PlantFolder, USER, writePlant } from '../support/gateway.ts'
import { scraped } from '../support/gateway-health.ts'
import { WritableServer } from '../support/modbus-writable-server.ts'
import { type CollectedSpan, OtlpCollector } from '../support/otlp-collector.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'

/** A value that is nowhere else, so that it would be found wherever it was told. */
const WRITTEN = 54_321
const ASKED = '4bf92f3577b34da6a3ce929d0e0e4736'

let collector: OtlpCollector
let meter: WritableServer
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient

beforeAll(async () => {
  collector = await OtlpCollector.start()
  meter = await WritableServer.start()
  const written = await writePlant([
    modbusSource(meter.port, [
      { key: 'setpoint', type: 'UInt16', address: 'holding:0', access: 'readWrite' },
      { key: 'limit', type: 'UInt16', address: 'holding:1', access: 'readWrite' },
    ]),
  ])
  const sampling = { polls: 0.2, calls: 1, events: 1, services: 0, requests: 0, upkeep: 1 }
  const config = JSON.parse(written.text.replace('"Observer"', '"Operator"')) as object
  const text = JSON.stringify({ ...config, telemetry: { otlp: { sampling } } })
  // As the environment of a container says it.
  plant = { ...written, text, env: { ...written.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } }
  gateway = await startGatewayOf(plant)
  scada = await ScadaClient.connect(plant.endpointUrl)
  await vi.waitFor(async () => expect(await scada.read('meter/limit')).toMatchObject({ status: 'Good' }), 10_000)
})
afterAll(async () => {
  await scada.end()
  await gateway.stop()
  await meter.stop()
  await collector.close()
  plant.remove()
})

const eventually = (claim: () => unknown) => vi.waitFor(claim, { timeout: 15_000, interval: 100 })
const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`
const command = (headers: Record<string, string>) =>
  fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/commands`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ device: 'meter', tag: 'setpoint', value: WRITTEN }),
  })
/** Names from the span to the first of its trace that is here. */
function wayUp(span: CollectedSpan | undefined): string[] {
  if (!span) return []
  const parent = collector.spans.find(({ spanId }) => spanId === span.parentSpanId)
  return [`${span.thread}: ${span.name}`, ...wayUp(parent)]
}

describe('a gateway with a collector', () => {
  it('shows the life of a command that is asked for over HTTP as one trace, gone on with from the asker', async () => {
    const answer = await command({ authorization, traceparent: `00-${ASKED}-00f067aa0ba902b7-01` })
    expect(answer.status).toBe(202)
    const inTrace = () => collector.spans.filter(({ traceId }) => traceId === ASKED)
    await eventually(() => expect(inTrace().map(({ name }) => name)).toContain('command'))
    expect(meter.registers[0]).toBe(WRITTEN)
    const named = (name: string) => inTrace().find((span) => span.name === name)
    expect(named('POST /api/v1/commands')?.parentSpanId).toBe('00f067aa0ba902b7')
    expect(wayUp(named('field write'))).toEqual([
      'engine: field write',
      'engine: command sending',
      'engine: command',
      'main: POST /api/v1/commands',
    ])
    expect(wayUp(named('command queued'))).toEqual(['engine: command queued', ...wayUp(named('command'))])
    expect(named('command')?.facts).toMatchObject({
      'penstock.device': 'meter',
      'penstock.tag': 'setpoint',
      'penstock.command.state': 'confirmed',
      'penstock.command.origin': 'http',
    })
  })

  it('shows a write of an OPC UA client from its request in one room to the device of another', async () => {
    const value = { value: { dataType: DataType.UInt16, value: WRITTEN } }
    const nodeId = scada.nodeId('meter/limit')
    expect(await scada.session.write({ nodeId, attributeId: AttributeIds.Value, value })).toMatchObject({
      name: 'Good',
    })
    const write = () =>
      collector.spans.find(({ facts, name }) => name === 'field write' && facts['penstock.tag'] === 'limit')
    await eventually(() => expect(wayUp(write()).at(-1)).toBe('opcua: OPC UA Write'))
    expect(wayUp(write())).toEqual([
      'engine: field write',
      'engine: command sending',
      'engine: command',
      'opcua: OPC UA Write',
    ])
    expect(collector.traceOf('OPC UA Write').find(({ name }) => name === 'OPC UA Write')?.facts).toMatchObject({
      'opcua.operations': 1,
      'opcua.status': 'Good',
    })
  })

  it('shows poll cycles with their requests, a share of them', async () => {
    await eventually(() => expect(collector.traceOf('poll cycle').length).toBeGreaterThan(1))
    const trace = collector.traceOf('poll cycle')
    const cycle = trace.find(({ name }) => name === 'poll cycle')
    expect(cycle?.facts).toEqual({
      'penstock.source': 'line',
      'penstock.device': 'meter',
      'penstock.poll.period_ms': 100,
      'penstock.poll.requests': 1,
    })
    expect(trace.map(({ name, parentSpanId }) => [name, parentSpanId])).toContainEqual(['modbus read', cycle?.spanId])
  })

  it('lets nobody unknown lay a trace, and samples nothing that is not asked for', async () => {
    const strange = '11111111111111111111111111111111'
    expect((await command({ traceparent: `00-${strange}-00f067aa0ba902b7-01` })).status).toBe(401)
    expect((await command({ authorization, traceparent: 'no trace' })).status).toBe(202)
    const lives = () => collector.spans.filter(({ name }) => name === 'command')
    await eventually(() => expect(lives().length).toBe(3))
    expect(collector.spans.some(({ traceId }) => traceId === strange)).toBe(false)
    expect(collector.spans.some(({ name }) => name === 'OPC UA Read' || name.startsWith('GET'))).toBe(false)
  })

  it('tells the collector no value, no password and no user', () => {
    const told = collector.bodies.join()
    expect(told).toContain('"meter"')
    for (const secret of [String(WRITTEN), PASSWORD, authorization, USER]) expect(told).not.toContain(secret)
  })

  it('counts what it sends, of each thread', async () => {
    const text = await (await fetch(`http://127.0.0.1:${gateway.httpPort}/metrics`)).text()
    const exported = scraped(text).filter(({ name }) => name === 'penstock_trace_spans_exported_total')
    expect(exported.map(({ labels }) => labels.thread)).toEqual(['main', 'engine', 'opcua'])
    for (const { value } of exported) expect(value).toBeGreaterThan(0)
    const loops = scraped(text).filter(({ name }) => name === 'penstock_event_loop_delay_seconds')
    expect(loops).toHaveLength(9)
  })
})
