import type { Milliseconds } from '../../core/clock.ts'
import type { DeviceState } from '../../core/health.ts'
import type { ChirpStackDeviceConfig, ChirpStackGatewayConfig, ChirpStackGroupConfig } from '../../core/plant.ts'
import type { StatusCode } from '../../core/status-code.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'
import { isPolledAddress, parseAddress } from './address.ts'
import type { ChirpStackApi } from './api.ts'
import { BucketTag } from './bucket-tag.ts'
import { GatewayMetricsReader } from './gateway-metrics.ts'
import { listAll } from './inventory.ts'
import { gatewayReading, giveListed, type ListTag } from './inventory-values.ts'
import type { ListedGateway } from './listed.ts'
import { staleAfterOf } from './metric-buckets.ts'
import { PollTarget } from './poll-target.ts'
import type { GatewayField, GatewayMetricAddress } from './polled-address.ts'

export const isGateway = (
  device: ChirpStackDeviceConfig | ChirpStackGatewayConfig | ChirpStackGroupConfig,
): device is ChirpStackGatewayConfig => 'gatewayId' in device

/**
 * The gateways of the tenant, by id. What ChirpStack lists of other tenants is left out; an empty answer is no proof of
 * a key. Rejects as the calls do, or with PROTOCOL_VIOLATION where the list never comes to rest.
 */
export async function readGateways(
  api: Pick<ChirpStackApi, 'gateways'>,
  tenantId: string,
): Promise<ReadonlyMap<string, ListedGateway>> {
  const rows = await listAll(
    (offset) => api.gateways(tenantId, offset),
    ({ gatewayId }) => gatewayId,
  )
  const own = rows.filter((row) => row.tenantId.toLowerCase() === tenantId.toLowerCase())
  return new Map(own.map((row) => [row.gatewayId.toLowerCase(), row]))
}

/** A configured gateway: what the list and its metrics say of it. Outlives connections. */
export class WatchedGateway {
  readonly gatewayId: string
  /** Asks for its metrics; undefined where no tag shows any. */
  readonly metrics: PollTarget | undefined
  readonly #config: ChirpStackGatewayConfig
  readonly #context: SourceContext
  readonly #listTags: readonly ListTag<GatewayField>[]
  readonly #metricTags: readonly BucketTag<GatewayMetricAddress>[]
  /** Undefined: no list was read; null: it is not in the list. */
  #listed: ListedGateway | null | undefined
  /** Why there is no list. */
  #listFault = ''
  #metricsFault = ''
  #said: { readonly state: DeviceState; readonly reason: string } | undefined

  constructor({ device, tags }: DeviceTags<ChirpStackGatewayConfig>, context: SourceContext, period: Milliseconds) {
    this.gatewayId = device.gatewayId.toLowerCase()
    this.#config = device
    this.#context = context
    const listTags: ListTag<GatewayField>[] = []
    const metricTags: BucketTag<GatewayMetricAddress>[] = []
    for (const { index, tag, disabled } of tags) {
      const address = parseAddress(tag.address)
      if (disabled || !isPolledAddress(address)) continue
      if (address.poll === 'gateway') listTags.push({ index, type: tag.type, field: address.name })
      if (address.poll !== 'gateway-metric') continue
      metricTags.push(new BucketTag(index, address, context.sink))
      context.sink.expectEvery([index], staleAfterOf(address, period))
    }
    this.#listTags = listTags
    this.#metricTags = metricTags
    this.metrics = metricTags.length === 0 ? undefined : this.#target(metricTags)
  }

  get listTags(): readonly TagIndex[] {
    return this.#listTags.map(({ index }) => index)
  }

  /** Forgets what was reported, so that the next report is made whatever it says. */
  started(): void {
    this.#said = undefined
    this.review()
  }

  /** What the list says of it; null: nothing. */
  listed(gateway: ListedGateway | null): void {
    const { sink } = this.#context
    this.#listed = gateway
    this.#listFault = ''
    if (gateway) for (const tag of this.#listTags) giveListed(sink, tag, gatewayReading(tag.field, gateway))
    else {
      sink.lost(this.listTags)
      this.metrics?.lost()
    }
    this.review()
  }

  /** There is no list, and why. */
  unlisted(fault: string): void {
    this.#listFault = fault
    this.review()
  }

  /** There is no connection, and why. */
  disconnected(reason: string): void {
    this.#context.sink.lost(this.listTags)
    this.unlisted(reason)
  }

  refused(status: StatusCode): void {
    for (const { index } of this.#listTags) this.#context.sink.failed(index, status)
  }

  /** Reports how the gateway is now. */
  review(): void {
    const { report, log } = this.#context
    const { state, reason } = this.#judge()
    const before = this.#said
    if (before?.state === state && before.reason === reason) return
    this.#said = { state, reason }
    report.device(this.#config.key, state, reason)
    const fields = { device: this.#config.key, gatewayId: this.gatewayId }
    if (state === 'offline' && before?.state !== 'offline') log.warn({ ...fields, cause: reason }, 'Gateway is offline')
    if (state === 'online' && before?.state === 'offline') log.info(fields, 'Gateway is online again')
  }

  #judge(): { readonly state: DeviceState; readonly reason: string } {
    if (this.#listFault !== '') return { state: 'unknown', reason: this.#listFault }
    if (this.#listed === undefined) return { state: 'unknown', reason: '' }
    if (this.#listed === null) {
      const found = `The tenant has no gateway ${this.gatewayId}, or the API key may not see it.`
      return { state: 'offline', reason: `${found} Check the gateway id, or add the gateway in ChirpStack.` }
    }
    const { state, lastSeenAt } = this.#listed
    if (state === 'ONLINE') return { state: 'online', reason: this.#metricsFault }
    if (state === 'NEVER_SEEN' || lastSeenAt === undefined) {
      const reason = 'ChirpStack has never heard this gateway. Check its gateway id, and the server it sends to.'
      return { state: 'unknown', reason }
    }
    const since = `ChirpStack has not heard this gateway since ${new Date(lastSeenAt).toISOString()}`
    const longerThan = 'longer than two of its statistics intervals'
    return { state: 'offline', reason: `${since}, ${longerThan}. Check its power and its network.` }
  }

  #target(tags: readonly BucketTag<GatewayMetricAddress>[]): PollTarget {
    const reader = new GatewayMetricsReader(this.gatewayId, tags)
    return new PollTarget({
      id: this.gatewayId,
      about: { device: this.#config.key, gatewayId: this.gatewayId },
      tags: () => tags.map(({ index }) => index),
      listed: () => (this.#listed === undefined ? undefined : this.#listed !== null),
      read: (api, now) => reader.read(api, now, this.#listed ?? undefined),
      refuse: (status, now) => {
        for (const tag of this.#metricTags) tag.failed(status, now)
      },
      onFault: (fault) => {
        this.#metricsFault = fault
        this.review()
      },
      context: this.#context,
    })
  }
}
