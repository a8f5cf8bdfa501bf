import type { Milliseconds } from '../../core/clock.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig } from '../../core/plant.ts'
import type { StatusCode } from '../../core/status-code.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import { type GatedSink, gated } from '../gated-sink.ts'
import type { SourceContext } from '../source.ts'
import type { ChirpStackApi, DeviceProfile } from './api.ts'
import { isGateway, readGateways, WatchedGateway } from './gateways.ts'
import type { Inventory } from './inventory.ts'
import { MetricsPoll } from './metrics-poll.ts'
import { type PollSession, PollTarget } from './poll-target.ts'
import { PolledDevice } from './polled-device.ts'
import type { WatchedDevice } from './watched-device.ts'

export interface PolledValuesOptions {
  readonly config: ChirpStackSourceConfig
  readonly devices: readonly DeviceTags<ChirpStackSourceConfig['devices'][number]>[]
  /** Who says how a device is. */
  readonly watched: readonly WatchedDevice[]
  readonly context: SourceContext
}

/** Everything that a source learns from calls and not from events: metrics, the device list, and gateways. */
export class PolledValues {
  readonly #options: PolledValuesOptions
  readonly #gate: GatedSink
  readonly #devices = new Map<string, PolledDevice>()
  readonly #gateways: readonly WatchedGateway[]
  readonly #poll: MetricsPoll

  constructor(given: PolledValuesOptions) {
    const own = gated(given.context)
    this.#gate = own.gate
    const options = { ...given, context: own.context }
    this.#options = options
    const { config, context, watched } = options
    const gateways: WatchedGateway[] = []
    for (const { device, tags } of options.devices) {
      if (isGateway(device)) gateways.push(new WatchedGateway({ device, tags }, context, config.metricsPeriodMs))
      else this.#addDevice({ device, tags }, watched)
    }
    this.#gateways = gateways
    const devices = [...this.#devices.values()].flatMap(({ metrics }) => metrics ?? [])
    this.#poll = new MetricsPoll({
      targets: [...devices, ...gateways.flatMap(({ metrics }) => metrics ?? [])],
      first: gateways.length === 0 ? [] : [this.#gatewayList()],
      period: config.metricsPeriodMs,
      context,
    })
  }

  /** Why the rounds cannot keep their period; empty when they do. */
  get trouble(): string {
    return this.#poll.trouble
  }

  /** Whatever is answered from now on is not heard. */
  withdraw(): void {
    this.#gate.close()
  }

  started(): void {
    for (const gateway of this.#gateways) gateway.started()
  }

  /** Asks until `signal` aborts; never rejects. */
  run(session: PollSession, signal: AbortSignal): Promise<void> {
    return this.#poll.run(session, signal)
  }

  /** The session took an inventory. */
  listed(inventory: Inventory): void {
    for (const [devEui, device] of this.#devices) device.listed(inventory.get(devEui) ?? null)
  }

  profiled(devEui: string, profile: DeviceProfile): void {
    this.#devices.get(devEui)?.profiled(profile)
  }

  /** The whole source has no connection. */
  disconnected(reason: string): void {
    this.#poll.disconnected()
    for (const device of this.#devices.values()) device.disconnected()
    for (const gateway of this.#gateways) gateway.unlisted(reason)
  }

  #addDevice(device: DeviceTags<ChirpStackDeviceConfig>, watched: readonly WatchedDevice[]): void {
    const { context, config } = this.#options
    const devEui = device.device.devEui.toLowerCase()
    const onFault = (fault: string) => watched.find((each) => each.devEui === devEui)?.polled(fault)
    const polled = new PolledDevice(device, context, config, onFault)
    if (polled.tags.length > 0) this.#devices.set(devEui, polled)
  }

  /** The list of the gateways, asked for as one that all of them depend on. */
  #gatewayList(): PollTarget {
    const { config, context } = this.#options
    const tags: TagIndex[] = this.#gateways.flatMap(({ listTags }) => listTags)
    context.sink.expectEvery(tags, 3 * config.metricsPeriodMs)
    return new PollTarget({
      id: config.tenantId,
      about: { list: 'gateways' },
      tags,
      listed: () => true,
      read: (api: ChirpStackApi, _now: Milliseconds) => this.#readGateways(api),
      refuse: (status: StatusCode) => {
        for (const gateway of this.#gateways) gateway.refused(status)
      },
      onFault: (fault) => {
        for (const gateway of this.#gateways) gateway.unlisted(fault)
      },
      context,
    })
  }

  async #readGateways(api: ChirpStackApi): Promise<void> {
    const listed = await readGateways(api, this.#options.config.tenantId)
    for (const gateway of this.#gateways) gateway.listed(listed.get(gateway.gatewayId) ?? null)
  }
}
