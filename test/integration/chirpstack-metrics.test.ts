import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Pipeline } from '../../src/core/pipeline.ts'
import type { ChirpStackSourceConfig, TagConfig } from '../../src/core/plant.ts'
import { statusName } from '../../src/core/status-code.ts'
import type { IndexedTag } from '../../src/core/tag-index.ts'
import { chirpStackSource } from '../../src/sources/chirpstack/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { ChirpStackMetricsServer } from '../support/chirpstack-metrics-server.ts'
import {
  API_KEY_ENV,
  chirpStackConfig,
  indexedDevicesOf,
  loraDevice,
  loraGateway,
  loraTag,
} from '../support/chirpstack-plant.ts'
import { WallClock } from '../support/wall-clock.ts'

const WAIT = { timeout: 15_000, interval: 10 }
const HALL = 'a81758fffe0a1001'
const OFFICE = 'a81758fffe0a1002'
const ROOF = '0016c001f1500001'
const NOW = '2026-05-04T10:20:00.000Z'
const HOUR = 3_600_000
const at = (time: string) => Date.parse(`2026-05-04T${time}Z`)

let server: ChirpStackMetricsServer | undefined
let source: Source | undefined

afterEach(async () => {
  await source?.stop()
  server?.close()
  source = undefined
  server = undefined
})

const until = <T>(condition: () => T) => vi.waitFor(condition, WAIT)
const hall = (...tags: readonly TagConfig[]) => loraDevice('hall', HALL, tags)
const office = (...tags: readonly TagConfig[]) => loraDevice('office', OFFICE, tags)
const roof = (...tags: readonly TagConfig[]) => loraGateway('roof', ROOF, tags)
const hourly = (key: string, name = key) => loraTag(key, `metric:${name}@hour`)
const text = (key: string, address: string) => loraTag(key, address, { type: 'String' })

/** A source of the running server with a wall clock that stands at NOW, and asks often. */
async function collect(devices: ChirpStackSourceConfig['devices'], fields: Partial<ChirpStackSourceConfig> = {}) {
  const periods = { metricsPeriodMs: 100, inventoryPeriodMs: 100 }
  const config = chirpStackConfig(devices, { url: `http://127.0.0.1:${server?.port}`, ...periods, ...fields })
  expect(chirpStackSource.validate(config)).toEqual([])
  const indexed = indexedDevicesOf(config)
  const clock = new WallClock(Date.parse(NOW))
  const tags = indexed.flatMap((device) => device.tags)
  const context = new EventContext(clock, tags)
  context.secrets.set(API_KEY_ENV, 'key')
  const pipeline = new Pipeline(tags, clock)
  source = await chirpStackSource.create(config, indexed, teeing(context, pipeline))
  source.start()
  return { context, clock, tag: (id: string) => shown(pipeline, tags, id) }
}

/** What OPC UA clients see of a tag. */
function shown({ table }: Pipeline, tags: readonly IndexedTag[], id: string) {
  const index = tags.find((each) => each.id === id)?.index ?? -1
  const time = table.sourceTime[index] ?? Number.NaN
  return {
    value: table.value(index),
    status: statusName(table.status[index] ?? 0),
    time: Number.isNaN(time) ? undefined : new Date(time).toISOString(),
  }
}

/** The sink under test is the gateway's own; what it was told is remembered beside. */
function teeing(context: EventContext, pipeline: Pipeline): EventContext {
  const { sink } = context
  const both = {
    polled: (...told: Parameters<typeof sink.polled>) => {
      pipeline.polled(...told)
      sink.polled(...told)
    },
    event: (...told: Parameters<typeof sink.event>) => {
      sink.event(...told)
      return pipeline.event(...told)
    },
    failed: (...told: Parameters<typeof sink.failed>) => {
      pipeline.failed(...told)
      sink.failed(...told)
    },
    lost: (...told: Parameters<typeof sink.lost>) => {
      pipeline.lost(...told)
      sink.lost(...told)
    },
    restored: (...told: Parameters<typeof sink.restored>) => {
      pipeline.restored(...told)
      sink.restored(...told)
    },
    expectEvery: (...told: Parameters<typeof sink.expectEvery>) => {
      pipeline.expectEvery(...told)
      sink.expectEvery(...told)
    },
  }
  return Object.assign(Object.create(context), { sink: both })
}

describe('a gathered measurement', () => {
  it('is the mean, sum or last value of the last hour that is over, at its end, as exact as float32', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE', pulses: 'ABSOLUTE', energy: 'COUNTER', off: 'UNKNOWN' })
    server.uplink(HALL, at('09:10:00'), { t: 21, pulses: 4, energy: 1_000 })
    server.uplink(HALL, at('09:40:00'), { t: 21.6, pulses: 5, energy: 1_002 })
    server.uplink(HALL, at('10:10:00'), { t: 99, pulses: 9, energy: 1_009 })
    const { context, tag } = await collect([
      hall(
        hourly('t'),
        hourly('pulses'),
        hourly('energy'),
        loraTag('running', 'metric:t@hour.current'),
        text('start', 'metric:t@hour.start'),
        text('kind', 'metric:pulses@hour.kind'),
        hourly('off'),
      ),
    ])
    const end = '2026-05-04T10:00:00.000Z'
    await until(() => expect(tag('hall/t')).toEqual({ value: Math.fround(21.3), status: 'Good', time: end }))
    expect(tag('hall/pulses')).toEqual({ value: 9, status: 'Good', time: end })
    expect(tag('hall/energy')).toEqual({ value: 1_002, status: 'Good', time: end })
    expect(tag('hall/running')).toMatchObject({ value: 99, status: 'Good', time: expect.stringMatching(/T10:20/) })
    expect(tag('hall/start')).toEqual({ value: '2026-05-04T09:00:00.000Z', status: 'Good', time: end })
    expect(tag('hall/kind')).toMatchObject({ value: 'ABSOLUTE', status: 'Good' })
    expect(tag('hall/off')).toMatchObject({ status: 'BadConfigurationError' })
    await until(() => expect(context.devices.get('hall')?.reason).toContain('keeps no measurement "off"'))
    expect(server.subjects('DeviceService.GetMetrics').every((subject) => subject === HALL)).toBe(true)
    expect(context.sink.expected.get('hall/t')).toBe(2 * HOUR + 200)
  })

  it('of an hour without a frame is no value: the last that had one stays', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('05:30:00'), { t: 21 })
    const { tag, context } = await collect([
      hall(hourly('t'), loraTag('running', 'metric:t@hour.current'), loraTag('packets', 'link-metric:rx_packets@hour')),
    ])
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 21, time: '2026-05-04T06:00:00.000Z' }))
    expect(tag('hall/t').status).toBe('UncertainLastUsableValue')
    expect(tag('hall/running').status).toBe('BadNoData')
    await until(() =>
      expect(tag('hall/packets')).toEqual({ value: 0, status: 'Good', time: '2026-05-04T10:00:00.000Z' }),
    )
    expect(context.sink.values('hall/t')).toEqual([21])
  })

  it('of a device that never sent is waited for, not 0', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE', valve: 'STRING' })
    const { tag } = await collect([hall(hourly('t'), text('valve', 'state:valve'))])
    await until(() => expect(server?.subjects('DeviceService.GetLinkMetrics').length).toBeGreaterThan(1))
    expect(tag('hall/t').status).toBe('BadWaitingForInitialData')
    expect(tag('hall/valve').status).toBe('BadWaitingForInitialData')
  })

  it('of 0 is uncertain where the device sent, since ChirpStack writes 0 for nothing too', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('09:30:00'), { t: 0 })
    server.uplink(HALL, at('10:10:00'), {})
    const { tag } = await collect([hall(hourly('t'), loraTag('running', 'metric:t@hour.current'))])
    const end = '2026-05-04T10:00:00.000Z'
    await until(() => expect(tag('hall/t')).toEqual({ value: 0, status: 'UncertainDataSubNormal', time: end }))
    expect(tag('hall/running')).toMatchObject({ value: 0, status: 'UncertainDataSubNormal' })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('that is %d is a Bad one', async (wrong) => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'COUNTER' })
    server.uplink(HALL, at('09:30:00'), { t: 1 })
    server.raw.set(`${HALL} t`, wrong)
    const { tag } = await collect([hall(hourly('t'))])
    await until(() => expect(tag('hall/t').status).toBe('BadSensorFailure'))
  })

  it('of every hour that passes comes in order, also of those during which nobody could ask', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE' })
    for (const hour of ['08', '09', '10', '12', '13']) server.uplink(HALL, at(`${hour}:15:00`), { t: Number(hour) })
    const { context, clock } = await collect([hall(hourly('t'))])
    await until(() => expect(context.sink.values('hall/t')).toEqual([9]))
    server.onCall = (method) =>
      method === 'DeviceService.GetMetrics' ? { code: status.INTERNAL, details: '' } : undefined
    await until(() => expect(context.sink.last('hall/t')).toBe('lost'))
    clock.jump(4 * HOUR)
    server.onCall = () => undefined
    await until(() => expect(context.sink.values('hall/t')).toEqual([9, 10, 12, 13]))
    const times = context.sink.told
      .filter(({ what }) => what === 'event')
      .map(({ time }) => new Date(time ?? 0).toISOString())
    expect(times.map((time) => time.slice(11, 16))).toEqual(['10:00', '11:00', '13:00', '14:00'])
  })

  it('is corrected when an uplink of its hour was written late', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { sum: 'ABSOLUTE' })
    server.uplink(HALL, at('09:30:00'), { sum: 3 })
    const { tag } = await collect([hall(hourly('sum'))])
    await until(() => expect(tag('hall/sum').value).toBe(3))
    server.uplink(HALL, at('09:59:59'), { sum: 4 })
    await until(() => expect(tag('hall/sum')).toEqual({ value: 7, status: 'Good', time: '2026-05-04T10:00:00.000Z' }))
  })

  it('whose kind is changed to STRING is Bad with a reason, and back when the kind is', async () => {
    server = await ChirpStackMetricsServer.start()
    const device = server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('09:30:00'), { t: 21 })
    const { tag, context } = await collect([hall(hourly('t'), text('kind', 'metric:t@hour.kind'))])
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 21, status: 'Good' }))
    device.kinds.set('t', 'STRING')
    await until(() => expect(tag('hall/t').status).toBe('BadConfigurationError'))
    expect(tag('hall/kind').value).toBe('STRING')
    await until(() => expect(context.devices.get('hall')?.reason).toContain('device profile, under Measurements'))
    device.kinds.set('t', 'ABSOLUTE')
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 21, status: 'Good' }))
    expect(tag('hall/kind').value).toBe('ABSOLUTE')
    expect(
      context.lines.filter((line) => line.includes('"measurement":"t","before":"GAUGE","kind":"ABSOLUTE"')),
    ).toHaveLength(1)
    await until(() => expect(context.devices.get('hall')?.reason).toBe(''))
  })

  it('that is old comes back too once ChirpStack gathers it again', async () => {
    server = await ChirpStackMetricsServer.start()
    const device = server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('02:30:00'), { t: 21 })
    const { tag } = await collect([hall(hourly('t'))])
    await until(() => expect(tag('hall/t').status).toBe('UncertainLastUsableValue'))
    device.kinds.set('t', 'UNKNOWN')
    await until(() => expect(tag('hall/t').status).toBe('BadConfigurationError'))
    device.kinds.set('t', 'GAUGE')
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 21, status: 'UncertainLastUsableValue' }))
  })

  it('of a day is that of the server, whatever its zone', async () => {
    server = await ChirpStackMetricsServer.start('Asia/Kolkata')
    server.addDevice(HALL, { t: 'ABSOLUTE' })
    server.uplink(HALL, Date.parse('2026-05-03T18:29:00Z'), { t: 1 })
    server.uplink(HALL, Date.parse('2026-05-03T18:31:00Z'), { t: 2 })
    server.uplink(HALL, at('09:29:00'), { t: 4 })
    server.uplink(HALL, at('09:31:00'), { t: 8 })
    const { tag } = await collect([
      hall(loraTag('day', 'metric:t@day'), loraTag('today', 'metric:t@day.current'), hourly('t')),
    ])
    await until(() => expect(tag('hall/day')).toMatchObject({ value: 1, time: '2026-05-03T18:30:00.000Z' }))
    expect(tag('hall/today').value).toBe(14)
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 4, time: '2026-05-04T09:30:00.000Z' }))
  })

  it('costs ChirpStack many buckets once, and few from then on', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('09:30:00'), { t: 21 })
    const buckets: number[] = []
    const { tag } = await collect([hall(hourly('t'))])
    await until(() => expect(tag('hall/t').value).toBe(21))
    server.onWindow = (count) => void buckets.push(count)
    await until(() => expect(buckets.length).toBeGreaterThan(3))
    expect(Math.max(...buckets)).toBe(3)
  })
})

describe('a text that ChirpStack keeps', () => {
  it('is as old as the last frame of the device, and Boolean where the tag is', async () => {
    server = await ChirpStackMetricsServer.start()
    const device = server.addDevice(HALL, { valve: 'STRING', open: 'STRING' })
    device.states.set('valve', 'half').set('open', 'true')
    device.lastSeenAt = at('10:15:00')
    const { tag } = await collect([
      hall(text('valve', 'state:valve'), loraTag('open', 'state:open', { type: 'Boolean' })),
    ])
    const time = '2026-05-04T10:15:00.000Z'
    await until(() => expect(tag('hall/valve')).toEqual({ value: 'half', status: 'Good', time }))
    expect(tag('hall/open')).toEqual({ value: true, status: 'Good', time })
    device.states.set('valve', 'shut')
    device.lastSeenAt = at('10:19:00')
    await until(() => expect(tag('hall/valve').value).toBe('shut'))
  })
})

describe('link metrics', () => {
  it('are counts where 0 is one, levels where it is none, and errors together or each', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL)
    server.uplink(HALL, at('08:10:00'), {}, { rssi: -100, snr: 0 })
    server.failedJoin(HALL, at('09:05:00'))
    const { tag } = await collect([
      hall(
        loraTag('rx', 'link-metric:rx_packets@day.current'),
        loraTag('rssi', 'link-metric:gw_rssi@hour'),
        loraTag('snr', 'link-metric:gw_snr@hour'),
        loraTag('dr5', 'link-metric:rx_packets_per_dr[5]@day.current'),
        loraTag('dr0', 'link-metric:rx_packets_per_dr[0]@day.current'),
        loraTag('errors', 'link-metric:errors@hour'),
        loraTag('mic', 'link-metric:errors[UPLINK_MIC]@hour'),
        loraTag('otaa', 'link-metric:errors[OTAA]@hour'),
      ),
    ])
    await until(() => expect(tag('hall/errors')).toMatchObject({ value: 1, status: 'Good' }))
    await until(() => expect(tag('hall/rx')).toMatchObject({ value: 1, status: 'Good' }))
    expect(tag('hall/rssi')).toMatchObject({ value: -100, time: '2026-05-04T09:00:00.000Z' })
    expect(tag('hall/snr')).toMatchObject({ value: 0, status: 'Good', time: '2026-05-04T09:00:00.000Z' })
    expect([tag('hall/dr5').value, tag('hall/dr0').value]).toEqual([1, 0])
    expect([tag('hall/mic').value, tag('hall/otaa').value]).toEqual([1, 0])
    expect(server.subjects('DeviceService.GetMetrics')).toEqual([])
  })
})

describe('a value of the inventory', () => {
  it('comes from the list that is read anyway, and is lost with the device', async () => {
    server = await ChirpStackMetricsServer.start()
    const device = server.addDevice(HALL)
    device.lastSeenAt = at('10:00:00')
    device.status = { margin: 9, externalPowerSource: false, batteryLevel: 50 }
    const { tag, context } = await collect([
      hall(
        loraTag('battery', 'inventory:batteryLevel'),
        text('seen', 'inventory:lastSeenAt'),
        text('name', 'inventory:name'),
      ),
    ])
    const time = '2026-05-04T10:00:00.000Z'
    await until(() => expect(tag('hall/battery')).toEqual({ value: 50, status: 'Good', time }))
    expect(tag('hall/seen')).toMatchObject({ value: time, status: 'Good' })
    expect(tag('hall/name').value).toBe(`Name of ${HALL}`)
    device.status = { margin: 9, externalPowerSource: true, batteryLevel: -1 }
    await until(() => expect(tag('hall/battery').status).toBe('BadNotSupported'))
    server.devices.delete(HALL)
    await until(() => expect(tag('hall/name').status).toBe('UncertainNoCommunicationLastUsableValue'))
    await until(() => expect(context.devices.get('hall')?.reason).toContain('has no device'))
    server.devices.set(HALL, device)
    await until(() => expect(tag('hall/name').status).toBe('Good'))
    expect(server.subjects('DeviceService.GetMetrics')).toEqual([])
  })
})

describe('a gateway', () => {
  it('is a device of its own, with its state, place and packets', async () => {
    server = await ChirpStackMetricsServer.start()
    const place = { latitude: 46.9, longitude: 7.4, altitude: 540 }
    const gateway = server.addGateway(ROOF, { state: 'ONLINE', location: place })
    server.gatewayStats(ROOF, at('09:30:00'), { rx: 12, tx: 0 })
    const { tag, context } = await collect([
      roof(
        text('state', 'gateway:state'),
        text('seen', 'gateway:lastSeenAt'),
        loraTag('latitude', 'gateway:latitude'),
        loraTag('rx', 'gateway-metric:rx_packets@hour'),
        loraTag('tx', 'gateway-metric:tx_packets@hour'),
        loraTag('freq', 'gateway-metric:tx_packets_per_freq[868100000]@hour'),
      ),
    ])
    const end = '2026-05-04T10:00:00.000Z'
    await until(() => expect(tag('roof/rx')).toEqual({ value: 12, status: 'Good', time: end }))
    expect(tag('roof/tx')).toEqual({ value: 0, status: 'Good', time: end })
    expect(tag('roof/freq').status).toBe('BadNotSupported')
    expect(tag('roof/state')).toMatchObject({ value: 'ONLINE', status: 'Good' })
    expect(tag('roof/seen').value).toBe('2026-05-04T09:30:00.000Z')
    expect(tag('roof/latitude').value).toBe(46.9)
    expect(context.devices.get('roof')).toEqual({ state: 'online', reason: '' })
    expect(new Set(server.subjects('GatewayService.List'))).toEqual(new Set([chirpStackConfig([]).tenantId]))
    gateway.state = 'OFFLINE'
    await until(() => expect(context.devices.get('roof')?.state).toBe('offline'))
    expect(context.devices.get('roof')?.reason).toContain('not heard this gateway since 2026-05-04T09:30:00.000Z')
    expect(tag('roof/state').value).toBe('OFFLINE')
  })

  it('that reported nothing in an hour has no count of it; whether a 0 is one cannot be told', async () => {
    server = await ChirpStackMetricsServer.start()
    const gateway = server.addGateway(ROOF, { state: 'OFFLINE' })
    server.gatewayStats(ROOF, at('07:30:00'), { rx: 12, tx: 1 })
    const { tag } = await collect([roof(loraTag('rx', 'gateway-metric:rx_packets@hour'))])
    await until(() => expect(tag('roof/rx')).toMatchObject({ value: 12, time: '2026-05-04T08:00:00.000Z' }))
    gateway.lastSeenAt = at('10:19:00')
    await until(() =>
      expect(tag('roof/rx')).toEqual({ value: 0, status: 'UncertainDataSubNormal', time: '2026-05-04T10:00:00.000Z' }),
    )
  })

  it('of another tenant is none, although ChirpStack lists it', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addGateway(ROOF, { state: 'ONLINE', tenantId: '00000000-0000-0000-0000-000000000009' })
    const { tag, context } = await collect([
      roof(text('state', 'gateway:state'), loraTag('rx', 'gateway-metric:rx_packets@hour')),
    ])
    await until(() => expect(context.devices.get('roof')?.reason).toContain(`has no gateway ${ROOF}`))
    expect(tag('roof/state').status).toBe('BadNoCommunication')
    expect(tag('roof/rx').status).toBe('BadNoCommunication')
    expect(server.subjects('GatewayService.GetMetrics')).toEqual([])
  })

  it('list that fails says nothing against the devices, and comes back', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addGateway(ROOF, { state: 'ONLINE' })
    server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('09:30:00'), { t: 21 })
    server.onCall = (method) => (method === 'GatewayService.List' ? { code: status.INTERNAL, details: '' } : undefined)
    const { tag, context } = await collect([hall(hourly('t')), roof(text('state', 'gateway:state'))])
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 21, status: 'Good' }))
    await until(() => expect(context.devices.get('roof')?.reason).toContain('GatewayService.List'))
    expect(context.devices.get('roof')?.state).toBe('unknown')
    server.onCall = () => undefined
    await until(() => expect(tag('roof/state')).toMatchObject({ value: 'ONLINE', status: 'Good' }))
    expect(context.devices.get('roof')?.state).toBe('online')
  })
})

describe('a device whose metrics are not answered', () => {
  const faults: readonly [string, status, string, string][] = [
    ['because it is refused', status.UNAUTHENTICATED, '', 'BadUserAccessDenied'],
    ['because nobody knows it', status.NOT_FOUND, 'Object does not exist', 'BadConfigurationError'],
    ['because ChirpStack fails', status.INTERNAL, '', 'UncertainNoCommunicationLastUsableValue'],
  ]
  it.each(faults)('%s costs its own tags only, and comes back', async (_, code, details, expected) => {
    server = await ChirpStackMetricsServer.start()
    for (const devEui of [HALL, OFFICE]) {
      server.addDevice(devEui, { t: 'GAUGE' })
      server.uplink(devEui, at('09:30:00'), { t: 21 })
    }
    const { tag, context, clock } = await collect([hall(hourly('t')), office(hourly('t'))])
    await until(() => expect([tag('hall/t').status, tag('office/t').status]).toEqual(['Good', 'Good']))
    const proofs = server.subjects('ApplicationService.List').length
    server.onCall = (method, subject) =>
      method === 'DeviceService.GetMetrics' && subject === HALL ? { code, details } : undefined
    await until(() => expect(tag('hall/t').status).toBe(expected))
    await until(() => expect(context.devices.get('hall')?.reason).toContain('DeviceService.GetMetrics'))
    await until(() => expect(server?.subjects('ApplicationService.List').length).toBeGreaterThan(proofs))
    server.uplink(OFFICE, at('10:30:00'), { t: 22 })
    clock.jump(HOUR)
    await until(() => expect(tag('office/t')).toMatchObject({ value: 22, status: 'Good' }))
    expect(context.states.some(({ state }) => state === 'refused' || state === 'backoff')).toBe(false)
    server.onCall = () => undefined
    await until(() => expect(tag('hall/t')).toMatchObject({ value: 21, status: 'Good' }))
    await until(() => expect(context.devices.get('hall')?.reason).toBe(''))
  })

  it('within the deadline is lost, and the others go on', async () => {
    server = await ChirpStackMetricsServer.start()
    for (const devEui of [HALL, OFFICE]) {
      server.addDevice(devEui, { t: 'GAUGE' })
      server.uplink(devEui, at('09:30:00'), { t: 21 })
    }
    const { tag, context, clock } = await collect([hall(hourly('t')), office(hourly('t'))], { callTimeoutMs: 200 })
    await until(() => expect([tag('hall/t').status, tag('office/t').status]).toEqual(['Good', 'Good']))
    server.onCall = (method, subject) =>
      method === 'DeviceService.GetMetrics' && subject === HALL ? 'silent' : undefined
    await until(() => expect(tag('hall/t').status).toBe('UncertainNoCommunicationLastUsableValue'))
    expect(context.counted('timeouts')).toBeGreaterThan(0)
    server.uplink(OFFICE, at('10:30:00'), { t: 22 })
    clock.jump(HOUR)
    await until(() => expect(tag('office/t').value).toBe(22))
  })
})

describe('rounds of metrics', () => {
  it('that take longer than their period are counted and said, until they do not', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE' })
    server.uplink(HALL, at('09:30:00'), { t: 21 })
    server.onCall = async (method) => {
      if (method === 'DeviceService.GetMetrics') await new Promise((resolve) => setTimeout(resolve, 250))
      return undefined
    }
    const { context, tag } = await collect([hall(hourly('t'))])
    await until(() => expect(tag('hall/t').value).toBe(21))
    await until(() => expect(context.counted('skippedCycles')).toBeGreaterThan(1))
    await until(() => expect(context.state).toBe('degraded'))
    expect(context.reason).toContain('longer than their period of 0.1 s')
    server.onCall = () => undefined
    await until(() => expect(context.state).toBe('connected'))
  })

  it('ask in the order of the DevEUIs, and never for more than a few devices at once', async () => {
    server = await ChirpStackMetricsServer.start()
    const devEuis = Array.from({ length: 30 }, (_, n) => `a81758fffe1${n.toString(16).padStart(5, '0')}`)
    for (const devEui of devEuis) server.addDevice(devEui, { t: 'GAUGE' })
    let under = 0
    let most = 0
    server.onCall = async (method) => {
      if (method !== 'DeviceService.GetMetrics') return undefined
      under++
      most = Math.max(most, under)
      await new Promise((resolve) => setTimeout(resolve, 5))
      under--
      return undefined
    }
    const devices = devEuis.map((devEui, n) => loraDevice(`d${n}`, devEui, [text('v', 'metric:t@hour.kind')]))
    const { tag } = await collect(devices.toReversed(), { metricsPeriodMs: 60_000 })
    await until(() => expect(devices.every((_, n) => tag(`d${n}/v`).value === 'GAUGE')).toBe(true))
    expect(server.subjects('DeviceService.GetMetrics')).toEqual(devEuis)
    expect(most).toBe(4)
  })

  it('begin again with the connection: lost when it is, and restored', async () => {
    server = await ChirpStackMetricsServer.start()
    server.addDevice(HALL, { t: 'GAUGE' })
    server.addGateway(ROOF, { state: 'ONLINE' })
    server.uplink(HALL, at('09:30:00'), { t: 21 })
    const { tag, context } = await collect([hall(hourly('t')), roof(text('state', 'gateway:state'))])
    await until(() => expect([tag('hall/t').status, tag('roof/state').status]).toEqual(['Good', 'Good']))
    server.onCall = () => ({ code: status.UNAUTHENTICATED, details: '' })
    await until(() => expect(context.state).toBe('refused'))
    await until(() => expect(tag('hall/t').status).toBe('UncertainNoCommunicationLastUsableValue'))
    expect(tag('roof/state').status).toBe('UncertainNoCommunicationLastUsableValue')
    expect(context.devices.get('roof')?.state).toBe('unknown')
    server.onCall = () => undefined
    await source?.stop()
    source?.start()
    await until(() => expect([tag('hall/t').status, tag('roof/state').status]).toEqual(['Good', 'Good']))
  })
})
