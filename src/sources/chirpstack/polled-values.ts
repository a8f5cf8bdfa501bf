import type { Milliseconds } from '../../core/clock.ts'
import type {
  ChirpStackDeviceConfig,
  ChirpStackGatewayConfig,
  ChirpStackGroupConfig,
  ChirpStackSourceConfig,
} from '../../core/plant.ts'
import type { StatusCode } from '../../core/status-code.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import { type GatedSink, gated } from '../gated-sink.ts'
import type { SourceContext } from '../source.ts'
import type { ChirpStackApi } from './api.ts'
import { isGateway, readGateways, WatchedGateway } from './gateways.ts'
import type { Inventory } from './inventory.ts'
import type { DeviceProfile } from './listed.ts'
import { MetricsPoll } from './metrics-poll.ts'
import { isMulticastGroup, WatchedGroup } from './multicast/watched-group.ts'
import { type PollSession, PollTarget } from './poll-target.ts'
import { PolledDevice } from './polled-device.ts'

export interface PolledValuesOptions {
  readonly config: ChirpStackSourceConfig
  readonly context: SourceContext
  /** Why what is asked of a device is not answered, or not all there; empty when it is. */
  readonly onFault: (devEui: string, fault: string) => void
}

type Placed = DeviceTags<ChirpStackSourceConfig['devices'][number]>

/** Everything that a source learns from calls and not from events: metrics, the device list, and gateways. */
export class PolledValues {
  readonly #options: PolledValuesOptions
  /** By their keys, each behind a gate of its own. */
  readonly #devices = new Map<string, { readonly polled: PolledDevice; readonly gate: GatedSink }>()
  readonly #gateways = new Map<string, { readonly gateway: WatchedGateway; readonly gate: GatedSink }>()
  readonly #groups = new Map<string, { readonly group: WatchedGroup; readonly gate: GatedSink }>()
  readonly #gatewayList: PollTarget
  readonly #poll: MetricsPoll

  constructor(options: PolledValuesOptions) {
    this.#options = options
    this.#gatewayList = this.#targetOfGatewayList()
    this.#poll = new MetricsPoll({
      first: () => (this.#gateways.size === 0 ? [] : [this.#gatewayList]),
      period: options.config.metricsPeriodMs,
      context: options.context,
    })
  }

  /** Why the rounds cannot keep their period; empty when they do. */
  get trouble(): string {
    return this.#poll.trouble
  }

  /** These are asked for too, and at once; the others do not notice. Answers the gateways and groups among them. */
  add(placed: readonly Placed[]): readonly (WatchedGateway | WatchedGroup)[] {
    const targets: (PollTarget | undefined)[] = []
    const gateways: WatchedGateway[] = []
    const groups: WatchedGroup[] = []
    for (const { device, tags } of placed) {
      if (isGateway(device)) {
        const gateway = this.#addGateway({ device, tags })
        gateways.push(gateway)
        targets.push(gateway.metrics)
      } else if (isMulticastGroup(device)) {
        const group = this.#addGroup({ device, tags })
        groups.push(group)
        targets.push(group.target)
      } else targets.push(this.#addDevice({ device, tags }))
    }
    this.#poll.join(targets.filter((target) => target !== undefined))
    if (gateways.length > 0) this.#poll.askSoon([this.#gatewayList])
    return [...gateways, ...groups]
  }

  /** Whatever is answered of these from now on is not heard. */
  withdraw(deviceKeys: ReadonlySet<string>): void {
    const leaving: (PollTarget | undefined)[] = []
    for (const key of deviceKeys) {
      const device = this.#devices.get(key)
      const gateway = this.#gateways.get(key)
      const group = this.#groups.get(key)
      device?.gate.close()
      group?.gate.close()
      gateway?.gate.close()
      leaving.push(device?.polled.metrics, gateway?.gateway.metrics, group?.group.target)
      this.#devices.delete(key)
      this.#gateways.delete(key)
      this.#groups.delete(key)
    }
    this.#poll.leave(leaving.filter((target) => target !== undefined))
  }

  started(): void {
    for (const { gateway } of this.#gateways.values()) gateway.started()
    for (const { group } of this.#groups.values()) group.started()
  }

  /** Asks until `signal` aborts; never rejects. */
  run(session: PollSession, signal: AbortSignal): Promise<void> {
    return this.#poll.run(session, signal)
  }

  /** The session took an inventory, which is news to these devices, by their keys; or to all. */
  listed(inventory: Inventory, deviceKeys: Iterable<string> = this.#devices.keys()): void {
    for (const key of deviceKeys) {
      const polled = this.#devices.get(key)?.polled
      polled?.listed(inventory.get(polled.devEui) ?? null)
    }
  }

  profiled(deviceKey: string, profile: DeviceProfile): void {
    this.#devices.get(deviceKey)?.polled.profiled(profile)
  }

  /** There is no connection, which is news to these devices and gateways, by their keys; or to all. */
  disconnected(reason: string, deviceKeys?: ReadonlySet<string>): void {
    const isTold = (key: string) => deviceKeys?.has(key) ?? true
    if (!deviceKeys) this.#gatewayList.disconnected()
    for (const [key, { polled }] of this.#devices) {
      if (!isTold(key)) continue
      polled.metrics?.disconnected()
      polled.disconnected()
    }
    for (const [key, { gateway }] of this.#gateways) {
      if (!isTold(key)) continue
      gateway.metrics?.disconnected()
      gateway.disconnected(reason)
    }
    for (const [key, { group }] of this.#groups) if (isTold(key)) group.disconnected(reason)
  }

  #addDevice({ device, tags }: DeviceTags<ChirpStackDeviceConfig>): PollTarget | undefined {
    const { config, onFault } = this.#options
    const { context, gate } = gated(this.#options.context)
    const devEui = device.devEui.toLowerCase()
    const polled = new PolledDevice({ device, tags }, context, config, (fault) => {
      if (!gate.closed) onFault(devEui, fault)
    })
    if (polled.tags.length > 0) this.#devices.set(device.key, { polled, gate })
    return polled.metrics
  }

  #addGateway(placed: DeviceTags<ChirpStackGatewayConfig>): WatchedGateway {
    const { metricsPeriodMs } = this.#options.config
    const { context, gate } = gated(this.#options.context)
    const gateway = new WatchedGateway(placed, context, metricsPeriodMs)
    context.sink.expectEvery(gateway.listTags, 3 * metricsPeriodMs)
    this.#gateways.set(placed.device.key, { gateway, gate })
    return gateway
  }

  #addGroup(placed: DeviceTags<ChirpStackGroupConfig>): WatchedGroup {
    const { context, gate } = gated(this.#options.context)
    const group = new WatchedGroup(placed, context, this.#options.config.metricsPeriodMs)
    this.#groups.set(placed.device.key, { group, gate })
    return group
  }

  get #listTags(): readonly TagIndex[] {
    return [...this.#gateways.values()].flatMap(({ gateway }) => gateway.listTags)
  }

  /** The list of the gateways, asked for as one that all of them depend on. */
  #targetOfGatewayList(): PollTarget {
    const { config, context } = this.#options
    return new PollTarget({
      id: config.tenantId,
      about: { list: 'gateways' },
      tags: () => this.#listTags,
      listed: () => true,
      read: (api: ChirpStackApi, _now: Milliseconds) => this.#readGateways(api),
      refuse: (status: StatusCode) => {
        for (const { gateway } of this.#gateways.values()) gateway.refused(status)
      },
      onFault: (fault) => {
        for (const { gateway } of this.#gateways.values()) gateway.unlisted(fault)
      },
      context,
    })
  }

  async #readGateways(api: ChirpStackApi): Promise<void> {
    const listed = await readGateways(api, this.#options.config.tenantId)
    for (const { gateway } of this.#gateways.values()) gateway.listed(listed.get(gateway.gatewayId) ?? null)
  }
}
