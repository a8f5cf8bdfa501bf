import type { Milliseconds } from '../../core/clock.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig } from '../../core/plant.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'
import { isPolledAddress, parseAddress } from './address.ts'
import { BucketTag } from './bucket-tag.ts'
import { DeviceMetricsReader } from './device-metrics.ts'
import { giveListed, inventoryReading, type ListTag } from './inventory-values.ts'
import type { DeviceProfile, ListedDevice } from './listed.ts'
import { staleAfterOf } from './metric-buckets.ts'
import { PollTarget } from './poll-target.ts'
import type { InventoryField, LinkMetricAddress, MetricAddress } from './polled-address.ts'
import { StateTag } from './state-tag.ts'

/** A value that the device itself said is stale after this many of its intervals: one uplink may be lost. */
const INTERVALS = 2.5

/** What the device said of itself, as opposed to what ChirpStack knows. */
const spoken: ReadonlySet<InventoryField> = new Set(['batteryLevel', 'margin', 'externalPowerSource'])

interface Faults {
  /** Why its metrics are not answered. */
  readonly call: string
  /** What the answer has not. */
  readonly missing: string
}

/** The tags of a device that no event brings. Outlives connections. */
export class PolledDevice {
  /** In lower case, as inventories have it. */
  readonly devEui: string
  /** Asks for its metrics; undefined where no tag shows any. */
  readonly metrics: PollTarget | undefined
  readonly #context: SourceContext
  readonly #config: ChirpStackSourceConfig
  readonly #listTags: readonly ListTag<InventoryField>[]
  readonly #stateTags: readonly StateTag[]
  readonly #metricTags: readonly BucketTag[]
  /** Undefined: no list was read; null: it is not in the list. */
  #listed: ListedDevice | null | undefined
  #faults: Faults = { call: '', missing: '' }

  constructor(
    { device, tags }: DeviceTags<ChirpStackDeviceConfig>,
    context: SourceContext,
    config: ChirpStackSourceConfig,
    onFault: (fault: string) => void,
  ) {
    this.devEui = device.devEui.toLowerCase()
    this.#context = context
    this.#config = config
    const { sink } = context
    const listTags: ListTag<InventoryField>[] = []
    const states: StateTag[] = []
    const metrics: BucketTag<MetricAddress>[] = []
    const links: BucketTag<LinkMetricAddress>[] = []
    for (const { index, tag, disabled } of tags) {
      const address = parseAddress(tag.address)
      if (disabled || !isPolledAddress(address)) continue
      if (address.poll === 'inventory') listTags.push({ index, type: tag.type, field: address.name })
      if (address.poll === 'state') states.push(new StateTag(index, address.name, tag.type, sink))
      if (address.poll === 'metric') metrics.push(new BucketTag(index, address, sink))
      if (address.poll === 'link-metric') links.push(new BucketTag(index, address, sink))
      if ('bucket' in address) sink.expectEvery([index], staleAfterOf(address, config.metricsPeriodMs))
    }
    this.#listTags = listTags
    this.#stateTags = states
    this.#metricTags = [...metrics, ...links]
    const own = listTags.filter(({ field }) => !spoken.has(field)).map(({ index }) => index)
    sink.expectEvery(own, 3 * config.inventoryPeriodMs)
    const { devEui } = this
    const say = (fault: Partial<Faults>) => {
      this.#faults = { ...this.#faults, ...fault }
      onFault(this.#faults.call || this.#faults.missing)
    }
    const about = { device: device.key, devEui }
    const reader = new DeviceMetricsReader(
      devEui,
      { metrics, links, states },
      {
        onMissing: (missing) => say({ missing }),
        onKind: (measurement, before, kind) => {
          const fields = { ...about, measurement, before, kind }
          context.log.warn(fields, 'ChirpStack gathers a measurement in another way: values before and after differ')
        },
      },
    )
    const asked = [...this.#metricTags, ...states].map(({ index }) => index)
    if (asked.length === 0) return
    this.metrics = new PollTarget({
      id: devEui,
      about,
      tags: () => asked,
      listed: () => (this.#listed === undefined ? undefined : this.#listed !== null),
      read: (api, now) => reader.read(api, now, this.#listed?.lastSeenAt),
      refuse: (status, now) => {
        for (const tag of [...this.#metricTags, ...this.#stateTags]) tag.failed(status, now)
      },
      onFault: (call) => say({ call }),
      context,
    })
  }

  get tags(): readonly TagIndex[] {
    return [...this.#metricTags, ...this.#stateTags, ...this.#listTags].map(({ index }) => index)
  }

  /** What the device list says of it; null: nothing. */
  listed(device: ListedDevice | null): void {
    const { sink } = this.#context
    this.#listed = device
    if (!device) {
      this.metrics?.lost()
      this.disconnected()
      return
    }
    for (const tag of this.#listTags) giveListed(sink, tag, inventoryReading(tag.field, device))
  }

  /** What is as old as the device's last frame gets old as its uplinks do. */
  profiled({ uplinkInterval }: DeviceProfile): void {
    if (uplinkInterval <= 0) return
    const said = this.#listTags.filter(({ field }) => spoken.has(field))
    const tags = [...said, ...this.#stateTags].map(({ index }) => index)
    const { inventoryPeriodMs, metricsPeriodMs } = this.#config
    const late: Milliseconds = inventoryPeriodMs + metricsPeriodMs
    this.#context.sink.expectEvery(tags, INTERVALS * uplinkInterval * 1_000 + late)
  }

  /** The whole source has no connection. */
  disconnected(): void {
    this.#context.sink.lost(this.#listTags.map(({ index }) => index))
  }
}
