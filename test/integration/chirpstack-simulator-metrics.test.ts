import devicePb from '@chirpstack/chirpstack-api/api/device_pb.js'
import type { Metric } from '@chirpstack/chirpstack-api/common/common_pb.js'
import commonPb from '@chirpstack/chirpstack-api/common/common_pb.js'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import type { MeasurementKind } from '../../src/demo/chirpstack/records.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ChirpStackClients, timestamp } from '../support/chirpstack-clients.ts'
import { HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { SITE_PROFILE, setUp, siteOf } from '../support/chirpstack-site.ts'
import { ManualClock } from '../support/manual-clock.ts'

const { HOUR, DAY, MONTH, MINUTE } = commonPb.Aggregation
const HOUR_MS = 3_600_000

let chirpStack: SimulatedChirpStack | undefined
let api: ChirpStackClients
let admin: ChirpStackClients
let clock: ManualClock

afterEach(async () => {
  api.close()
  admin.close()
  await chirpStack?.close()
})

/** A ChirpStack in a time zone at a time, whose profile has these measurements, and a client of it. */
async function begin(
  measurements: Readonly<Record<string, MeasurementKind>>,
  { now = Date.UTC(2026, 6, 23, 10, 30), timeZone = 'UTC' } = {},
): Promise<SimulatedChirpStack> {
  clock = new ManualClock(now)
  chirpStack = new SimulatedChirpStack({ clock, timeZone })
  setUp(chirpStack, siteOf([HALL]))
  for (const [key, kind] of Object.entries(measurements)) {
    chirpStack.directory.setMeasurement(SITE_PROFILE, key, { name: '', kind })
  }
  chirpStack.access.add('admin', { admin: true })
  const port = await chirpStack.listen()
  api = new ChirpStackClients(port, TENANT_KEY)
  admin = new ChirpStackClients(port, 'admin')
  return chirpStack
}

interface Period {
  readonly start?: number
  readonly end?: number
  readonly aggregation?: 0 | 1 | 2 | 3
}

async function metricsOf({ start = clock.now(), end = clock.now(), aggregation = HOUR }: Period = {}) {
  const request = new devicePb.GetDeviceMetricsRequest()
  request.setDevEui(HALL)
  request.setStart(timestamp(start))
  request.setEnd(timestamp(end))
  request.setAggregation(aggregation)
  const response = await api.ask(api.devices, api.devices.getMetrics, request)
  return {
    metric: (key: string) => response.getMetricsMap().get(key),
    data: (key: string) => dataOf(response.getMetricsMap().get(key)),
    state: (key: string) => response.getStatesMap().get(key),
    /** Of metrics and states. */
    keys: [...response.getMetricsMap().toArray(), ...response.getStatesMap().toArray()].map(([key]) => key),
  }
}

const dataOf = (metric: Metric | undefined) => metric?.getDatasetsList()[0]?.getDataList()
const timesOf = (metric: Metric | undefined) =>
  metric?.getTimestampsList().map((time) => new Date(1_000 * time.getSeconds()).toISOString())

async function linkOf({ start = clock.now(), end = clock.now() }: Period = {}, devEui = HALL, asked = api) {
  const request = new devicePb.GetDeviceLinkMetricsRequest()
  request.setDevEui(devEui)
  request.setStart(timestamp(start))
  request.setEnd(timestamp(end))
  return asked.ask(asked.devices, asked.devices.getLinkMetrics, request)
}

const byLabel = (metric: Metric | undefined) =>
  Object.fromEntries(metric?.getDatasetsList().map((each) => [each.getLabel(), each.getDataList()]) ?? [])

describe('a measurement of ChirpStack', () => {
  it('is the mean of the bucket for a gauge, the sum for an absolute, the last for a counter', async () => {
    const { uplink } = bound(await begin({ gauge: 'GAUGE', absolute: 'ABSOLUTE', counter: 'COUNTER' }))
    for (const value of [1, 2, 6]) uplink({ object: { gauge: value, absolute: value, counter: 10 - value } })
    for (const aggregation of [HOUR, DAY, MONTH] as const) {
      const { data } = await metricsOf({ aggregation })
      expect([data('gauge'), data('absolute'), data('counter')]).toEqual([[3], [9], [4]])
    }
  })

  it('comes from the same uplinks as the events, under flat keys, in the bucket of the time of the event', async () => {
    const server = await begin({ air_co2: 'GAUGE', phases_1: 'GAUGE' })
    const seen = api.stream(HALL)
    const time = clock.now() - HOUR_MS
    server.uplink(HALL, { object: { air: { co2: 612 }, phases: [1, 230] }, time })
    await expect.poll(() => seen.items.length).toBe(1)
    const { data } = await metricsOf({ start: time })
    expect([data('air_co2'), data('phases_1')]).toEqual([
      [612, 0],
      [230, 0],
    ])
  })

  it('is 0 where nothing came, which is what a reading of 0 looks like, and at the top of each hour', async () => {
    const { uplink } = bound(await begin({ t: 'GAUGE' }))
    uplink({ object: { t: 21 } })
    await clock.advance(HOUR_MS)
    uplink({ object: { t: 0 } })
    await clock.advance(HOUR_MS)
    const { metric } = await metricsOf({ start: clock.now() - 3 * HOUR_MS })
    expect(dataOf(metric('t'))).toEqual([0, 21, 0, 0])
    expect(timesOf(metric('t'))).toEqual([
      '2026-07-23T09:00:00.000Z',
      '2026-07-23T10:00:00.000Z',
      '2026-07-23T11:00:00.000Z',
      '2026-07-23T12:00:00.000Z',
    ])
  })

  it('is never kept by the minute', async () => {
    const { uplink } = bound(await begin({ t: 'GAUGE' }))
    uplink({ object: { t: 21 } })
    const { data } = await metricsOf({ start: clock.now() - 120_000, aggregation: MINUTE })
    expect(data('t')).toEqual([0, 0, 0])
  })

  it('is a float of 32 bits: decimals and great integers lose digits', async () => {
    const { uplink } = bound(await begin({ t: 'GAUGE', count: 'COUNTER' }))
    uplink({ object: { t: 21.3, count: 16_777_217 } })
    const { data } = await metricsOf()
    expect(data('t')).toEqual([Math.fround(21.3)])
    expect(data('count')).toEqual([16_777_216])
  })

  it('of kind UNKNOWN is not there, and without measurements there is nothing at all', async () => {
    const server = await begin({ t: 'UNKNOWN' })
    server.uplink(HALL, { object: { t: 21 } })
    expect((await metricsOf()).keys).toEqual([])
    server.directory.setMeasurement(SITE_PROFILE, 't', { name: '', kind: 'GAUGE' })
    expect((await metricsOf()).data('t')).toEqual([0])
    server.directory.changeProfile(SITE_PROFILE, { measurements: {} })
    expect((await metricsOf()).keys).toEqual([])
  })

  it('has a dataset without values, and its label, where the end is before the start', async () => {
    await begin({ t: 'GAUGE' })
    const { metric } = await metricsOf({ start: clock.now(), end: clock.now() - 2 * HOUR_MS })
    expect(metric('t')?.toObject()).toMatchObject({
      timestampsList: [],
      datasetsList: [{ label: 't', dataList: [] }],
    })
  })

  it('is named by its key where it has no name; a state has no name then', async () => {
    const server = await begin({ t: 'GAUGE', mode: 'STRING' })
    const first = await metricsOf()
    expect(first.metric('t')?.getName()).toBe('t')
    expect(first.metric('t')?.getKind()).toBe(commonPb.MetricKind.GAUGE)
    expect(first.state('mode')?.toObject()).toEqual({ name: '', value: '' })
    server.directory.setMeasurement(SITE_PROFILE, 't', { name: 'Temperature', kind: 'ABSOLUTE' })
    const second = await metricsOf()
    expect(second.metric('t')?.getName()).toBe('Temperature')
    expect(second.metric('t')?.getKind()).toBe(commonPb.MetricKind.ABSOLUTE)
  })

  it('that is a text is its last one; truth values are texts; a number for it, or a text for a number, is not seen', async () => {
    const { uplink } = bound(await begin({ mode: 'STRING', open: 'STRING', serial: 'STRING', t: 'GAUGE' }))
    uplink({ object: { mode: 'auto', open: true, serial: 4711, t: 'warm' } })
    uplink({ object: { mode: 'manual', t: 20 } })
    const { state, data } = await metricsOf()
    expect(['mode', 'open', 'serial'].map((key) => state(key)?.getValue())).toEqual(['manual', 'true', ''])
    expect(data('t')).toEqual([20])
  })

  it('whose kind is changed shows what was saved under the old one: a sum for a mean, a hidden text', async () => {
    const server = await begin({ t: 'GAUGE' })
    server.uplink(HALL, { object: { t: 20 } })
    server.uplink(HALL, { object: { t: 22 } })
    server.uplink(HALL, { object: { t: 'off' } })
    server.directory.setMeasurement(SITE_PROFILE, 't', { name: '', kind: 'ABSOLUTE' })
    expect((await metricsOf()).data('t')).toEqual([42])
    server.directory.setMeasurement(SITE_PROFILE, 't', { name: '', kind: 'STRING' })
    expect((await metricsOf()).state('t')?.getValue()).toBe('off')
  })

  it('that is infinite reaches a client as such from a counter', async () => {
    const { uplink } = bound(await begin({ count: 'COUNTER' }))
    uplink({ object: { count: Number.POSITIVE_INFINITY } })
    expect((await metricsOf()).data('count')).toEqual([Number.POSITIVE_INFINITY])
    uplink({ object: { count: Number.NaN } })
    expect((await metricsOf()).data('count')).toEqual([Number.NaN])
  })

  it('that is infinite in a gauge spoils its mean, and ends the work on the uplink: not seen, not counted', async () => {
    const server = await begin({ t: 'GAUGE' })
    server.uplink(HALL, { object: { t: 10 } })
    const seenAt = server.directory.device(HALL).lastSeenAt
    await clock.advance(1_000)
    const seen = api.stream(HALL)
    server.uplink(HALL, { object: { t: Number.NEGATIVE_INFINITY } })
    expect(server.directory.device(HALL).lastSeenAt).toBe(seenAt)
    server.uplink(HALL, { object: { t: 20 } })
    await expect.poll(() => seen.items.map((item) => JSON.parse(item.getBody()).fCnt)).toEqual([0, 2])
    expect((await metricsOf()).data('t')).toEqual([10])
    expect((await linkOf()).getRxPackets()?.getDatasetsList()[0]?.getDataList()).toEqual([2])
  })

  it('is forgotten: hours after two days, and everything with a wipe of Redis', async () => {
    const server = await begin({ t: 'GAUGE', mode: 'STRING' })
    server.uplink(HALL, { object: { t: 21, mode: 'auto' } })
    const start = clock.now()
    await clock.advance(49 * HOUR_MS)
    expect((await metricsOf({ start, end: start })).data('t')).toEqual([0])
    expect((await metricsOf({ start, end: start, aggregation: DAY })).data('t')).toEqual([21])
    server.wipeRedis()
    expect((await metricsOf({ start, end: start, aggregation: DAY })).data('t')).toEqual([0])
    expect((await metricsOf()).state('mode')?.getValue()).toBe('')
  })
})

describe('a bucket', () => {
  it('begins with the hours and days of the server, also where these are half an hour off', async () => {
    const { uplink } = bound(await begin({ t: 'GAUGE' }, { timeZone: 'Asia/Kolkata' }))
    uplink({ object: { t: 21 } })
    const hours = await metricsOf({ start: clock.now() - HOUR_MS })
    expect(timesOf(hours.metric('t'))).toEqual(['2026-07-23T09:30:00.000Z', '2026-07-23T10:30:00.000Z'])
    expect(hours.data('t')).toEqual([0, 21])
    const days = await metricsOf({ aggregation: DAY })
    expect(timesOf(days.metric('t'))).toEqual(['2026-07-22T18:30:00.000Z'])
  })

  it('that the clock change leaves out or brings twice is not there', async () => {
    // Sunday 29 March 2026: 02:00 is followed by 03:00 in Berlin. Sunday 25 October: 02:00 comes twice.
    await begin({ t: 'GAUGE' }, { timeZone: 'Europe/Berlin', now: Date.UTC(2026, 2, 29, 2, 30) })
    const spring = await metricsOf({ start: Date.UTC(2026, 2, 28, 23), end: Date.UTC(2026, 2, 29, 2) })
    expect(timesOf(spring.metric('t'))).toEqual([
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ])
    const autumn = await metricsOf({ start: Date.UTC(2026, 9, 24, 23), end: Date.UTC(2026, 9, 25, 2) })
    expect(timesOf(autumn.metric('t'))).toEqual(['2026-10-24T23:00:00.000Z', '2026-10-25T02:00:00.000Z'])
  })

  it('that is a month begins on its first day at midnight of the server', async () => {
    await begin({ t: 'GAUGE' }, { timeZone: 'Europe/Berlin' })
    const months = await metricsOf({ start: Date.UTC(2026, 2, 15), aggregation: MONTH })
    expect(timesOf(months.metric('t'))).toEqual([
      '2026-02-28T23:00:00.000Z',
      '2026-03-31T22:00:00.000Z',
      '2026-04-30T22:00:00.000Z',
      '2026-05-31T22:00:00.000Z',
      '2026-06-30T22:00:00.000Z',
    ])
  })
})

describe('the metrics of a link', () => {
  it('are the mean of the best of each uplink, and how many came by frequency and data rate', async () => {
    const { uplink } = bound(await begin({}))
    const far = { gatewayId: '0016c001f1500812', rssi: -110, snr: 9 }
    uplink({ receptions: [{ gatewayId: '0016c001f153a14c', rssi: -90, snr: 5 }, far], dr: 5 })
    uplink({ receptions: [far], dr: 0 })
    const link = await linkOf({ start: clock.now() - HOUR_MS })
    expect(dataOf(link.getRxPackets())).toEqual([0, 2])
    expect(dataOf(link.getGwRssi())).toEqual([0, -100])
    expect(dataOf(link.getGwSnr())).toEqual([0, 9])
    expect(byLabel(link.getRxPacketsPerFreq())).toEqual({ 868100000: [0, 1], 868300000: [0, 1] })
    expect(byLabel(link.getRxPacketsPerDr())).toEqual({ 0: [0, 1], 5: [0, 1] })
  })

  it('name frequencies and data rates in any order', async () => {
    const server = await begin({})
    for (const dr of [0, 1, 2, 3, 4, 5]) server.uplink(HALL, { dr })
    const orders = new Set<string>()
    await expect
      .poll(async () => {
        const datasets = (await linkOf()).getRxPacketsPerDr()?.getDatasetsList() ?? []
        orders.add(datasets.map((each) => each.getLabel()).join())
        return orders.size
      })
      .toBeGreaterThan(1)
  })

  it('count as errors only joins that failed', async () => {
    const server = await begin({})
    server.network.joinFails(HALL, 'OTAA')
    server.network.joinFails(HALL, 'UPLINK_MIC')
    server.network.joinFails(HALL, 'OTAA')
    expect(byLabel((await linkOf()).getErrors())).toEqual({ OTAA: [2], UPLINK_MIC: [1] })
  })

  it('are zeros for a device that does not exist, to an administrator', async () => {
    await begin({})
    expect(dataOf((await linkOf({}, OFFICE, admin)).getRxPackets())).toEqual([0])
  })
})

describe('a request for metrics', () => {
  it.each(['setStart', 'setEnd'] as const)('without what %s gives ends with 13', async (without) => {
    await begin({})
    const request = new devicePb.GetDeviceMetricsRequest()
    request.setDevEui(HALL)
    request.setStart(timestamp(0))
    request.setEnd(timestamp(0))
    request[without](undefined)
    await expect(api.ask(api.devices, api.devices.getMetrics, request)).rejects.toMatchObject({
      code: status.INTERNAL,
      details: `${without.slice(3).toLowerCase()} is None`,
    })
  })

  it('ends with 13 while Redis is away, when lists are answered all the same', async () => {
    const server = await begin({})
    server.setRedisDown(true)
    await expect(linkOf()).rejects.toMatchObject({ code: status.INTERNAL })
    await expect(linkOf({}, OFFICE)).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
    const request = new devicePb.GetDeviceRequest()
    request.setDevEui(HALL)
    await api.ask(api.devices, api.devices.get, request)
  })
})

const bound = (server: SimulatedChirpStack) => ({
  uplink: (uplink: Parameters<SimulatedChirpStack['uplink']>[1]) => server.uplink(HALL, uplink),
})
