import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig, Plant } from '../../src/core/plant.ts'
import { changeBetween } from '../../src/core/plant-change.ts'
import { type IndexedTag, TagIndexing } from '../../src/core/tag-index.ts'
import { chirpStackSource } from '../../src/sources/chirpstack/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { API_KEY_ENV, chirpStackConfig, loraDevice, loraTag } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'

/** The devices of a ChirpStack source come, change and go while its sessions begin, stand and end. */
const until = <T>(condition: () => T) => vi.waitFor(condition, { timeout: 15_000, interval: 10 })
const HOUR = 3_600_000
const slow = { inventoryPeriodMs: HOUR, metricsPeriodMs: HOUR }

let server: ChirpStackServer | undefined
let source: Source | undefined

afterEach(async () => {
  await source?.stop()
  await server?.chirpStack.close()
  source = undefined
  server = undefined
})

const hall = (...more: ReturnType<typeof loraTag>[]) => loraDevice('hall', HALL, [loraTag('t', 'object.t'), ...more])
const office = (...more: ReturnType<typeof loraTag>[]) =>
  loraDevice('office', OFFICE, [loraTag('t', 'object.t'), ...more])
const metric = loraTag('m', 'metric:temperature@hour')

/** A source whose devices change as the engine changes them. */
async function live(before: readonly ChirpStackDeviceConfig[], fields: Partial<ChirpStackSourceConfig> = {}) {
  const configOf = (devices: readonly ChirpStackDeviceConfig[]) =>
    chirpStackConfig(devices, { url: `http://127.0.0.1:${server?.port}`, ...slow, ...fields })
  let config = configOf(before)
  const indexing = new TagIndexing({ sources: [config] })
  const tags: IndexedTag[] = [...indexing.present]
  const placed = () => config.devices.map((device) => ({ device, tags: indexing.ofDevice(device.key) }))
  const context = new EventContext(systemClock, tags)
  context.secrets.set(API_KEY_ENV, TENANT_KEY)
  const made = await chirpStackSource.create(config, placed(), context)
  source = made
  const change = (devices: readonly ChirpStackDeviceConfig[]) => {
    const after = configOf(devices)
    const plant: Plant = { sources: [after] }
    const difference = changeBetween({ sources: [config] }, plant)
    const gone = [...difference.removedDevices, ...difference.devices.map(({ device }) => device.key)]
    made.live?.withdraw(new Set(gone))
    config = after
    const { added } = indexing.apply(difference, plant)
    for (const tag of added) tags[tag.index] = tag
    made.live?.follow(config, placed())
  }
  return { context, change, source: made }
}

const streams = (devEui: string) => server?.chirpStack.openStreams(devEui) ?? 0
const calls = (method: string, subject: string) => server?.subjects(method).filter((each) => each === subject).length

describe('a device that comes', () => {
  it('while the source begins anew has one stream, which ends with the source', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const { change, source: running } = await live([hall()])
    running.start()
    await until(() => expect(streams(HALL)).toBe(1))
    await running.stop()
    running.start()
    change([hall(), office()])
    await until(() => expect([streams(HALL), streams(OFFICE)]).toEqual([1, 1]))
    expect(calls('InternalService.StreamDeviceEvents', OFFICE)).toBe(1)
    await running.stop()
    await until(() => expect([streams(HALL), streams(OFFICE)]).toEqual([0, 0]))
  })

  it('while the source stops leaves no stream behind', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const { change, source: running } = await live([hall()])
    running.start()
    await until(() => expect(streams(HALL)).toBe(1))
    const stopped = running.stop()
    await Promise.resolve()
    change([hall(), office()])
    await stopped
    change([hall(loraTag('b', 'object.b')), office()])
    await until(() => expect([streams(HALL), streams(OFFICE)]).toEqual([0, 0]))
    running.start()
    await until(() => expect([streams(HALL), streams(OFFICE)]).toEqual([1, 1]))
  })

  it('and was added to ChirpStack just now is looked for at once, and not called missing', async () => {
    server = await ChirpStackServer.start([HALL])
    const { context, change, source: running } = await live([hall()])
    running.start()
    await until(() => expect(streams(HALL)).toBe(1))
    server.addDevice(OFFICE)
    change([hall(), office()])
    expect(context.devices.get('office')?.state).toBe('unknown')
    await until(() => expect(streams(OFFICE)).toBe(1))
    // What the profile of the server says: an uplink a minute.
    await until(() => expect(context.sink.expected.get('office/t')).toBe(150_000))
  })

  it('while there is no connection is told to have none', async () => {
    server = await ChirpStackServer.start([HALL])
    const { context, change, source: running } = await live([hall()])
    await server.chirpStack.close()
    running.start()
    await until(() => expect(context.state).toBe('backoff'))
    change([hall(), office(metric)])
    expect(context.sink.last('office/t')).toBe('lost')
    expect(context.sink.last('office/m')).toBe('lost')
    expect(context.devices.get('office')?.reason).toMatch(/No connection/)
  })
})

describe('the metrics of a device', () => {
  it('are asked for when it comes, and nobody else is asked again for that', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const { change, source: running } = await live([hall(metric)])
    running.start()
    await until(() => expect(calls('DeviceService.GetMetrics', HALL)).toBe(1))
    change([hall(metric), office(metric)])
    await until(() => expect(calls('DeviceService.GetMetrics', OFFICE)).toBe(1))
    change([hall(metric), office(metric, loraTag('b', 'object.b'))])
    await until(() => expect(calls('DeviceService.GetMetrics', OFFICE)).toBe(2))
    expect(calls('DeviceService.GetMetrics', HALL)).toBe(1)
    change([hall(metric)])
    await until(() => expect(streams(OFFICE)).toBe(0))
    expect(calls('DeviceService.GetMetrics', HALL)).toBe(1)
  })
})

describe('the rules of a source', () => {
  const rules = [{ template: 'auto', accept: 'auto' as const, ignore: false }]

  it('that are new are followed at once, however far the next inventory is', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const { context, source: running } = await live([hall()])
    running.start()
    await until(() => expect(streams(HALL)).toBe(1))
    expect(context.offers.served).toEqual([])
    context.offers.source = chirpStackConfig([hall()], { rules })
    running.reconsider?.()
    await until(() => expect(context.offers.served).toMatchObject([{ key: OFFICE }]))
  })

  it('give what was found before to a source that is disabled too, so that its nodes stay', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const first = await live([hall()], { rules })
    first.context.offers.source = chirpStackConfig([hall()], { rules })
    first.source.start()
    await until(() => expect(first.context.offers.served).toMatchObject([{ key: OFFICE }]))
    await first.source.stop()
    const config = chirpStackConfig([], { rules, disabled: true })
    const context = new EventContext(systemClock, [], first.context.memory)
    context.offers.source = config
    source = await chirpStackSource.create(config, [], context)
    source.start()
    await until(() => expect(context.offers.served).toMatchObject([{ key: HALL }, { key: OFFICE }]))
    expect(context.state).toBe('stopped')
  })

  it('keep what was found when ChirpStack cannot be reached, and when it breaks off in the middle of a list', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const { context, source: running } = await live([hall()], { rules, inventoryPeriodMs: 200 })
    context.offers.source = chirpStackConfig([hall()], { rules })
    running.start()
    await until(() => expect(context.offers.served).toMatchObject([{ key: OFFICE }]))
    server.chirpStack.faults.trouble('DeviceService.List', { kind: 'status', code: status.UNAVAILABLE })
    const asked = server.subjects('DeviceService.List').length
    await until(() => expect(server?.subjects('DeviceService.List').length).toBeGreaterThan(asked + 2))
    await server.chirpStack.close()
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.offers.served).toMatchObject([{ key: OFFICE }])
  })
})
