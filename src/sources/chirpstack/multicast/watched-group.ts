import type { Milliseconds } from '../../../core/clock.ts'
import { describeError, type ErrorCode, PenstockError } from '../../../core/errors.ts'
import type { DeviceState } from '../../../core/health.ts'
import type { ChirpStackDeviceConfig, ChirpStackGatewayConfig, ChirpStackGroupConfig } from '../../../core/plant.ts'
import type { DeviceTags } from '../../../core/tag-index.ts'
import type { SourceContext } from '../../source.ts'
import { isPolledAddress, parseAddress } from '../address.ts'
import type { ChirpStackApi } from '../api.ts'
import { giveListed, type ListReading, type ListTag } from '../inventory-values.ts'
import { PollTarget } from '../poll-target.ts'
import type { GroupField } from '../polled-address.ts'
import type { MulticastGroup } from './multicast-api.ts'

export const isMulticastGroup = (
  device: ChirpStackDeviceConfig | ChirpStackGatewayConfig | ChirpStackGroupConfig,
): device is ChirpStackGroupConfig => 'multicastGroup' in device

/** What ChirpStack says of a group and what stands in it; a count that nobody asked for is absent. */
interface GroupState {
  readonly group: MulticastGroup
  readonly devices?: number
  readonly gateways?: number
  readonly queue?: number
}

/** A configured multicast group: that it is there, and what is known of it. Outlives connections. */
export class WatchedGroup {
  readonly target: PollTarget
  readonly #config: ChirpStackGroupConfig
  readonly #context: SourceContext
  readonly #tags: readonly ListTag<GroupField>[]
  #state: { readonly state: DeviceState; readonly reason: string } = { state: 'unknown', reason: '' }
  #said: string | undefined

  constructor({ device, tags }: DeviceTags<ChirpStackGroupConfig>, context: SourceContext, period: Milliseconds) {
    this.#config = device
    this.#context = context
    const listTags: ListTag<GroupField>[] = []
    for (const { index, tag, disabled } of tags) {
      const address = parseAddress(tag.address)
      if (!disabled && isPolledAddress(address) && address.poll === 'group') {
        listTags.push({ index, type: tag.type, field: address.name })
      }
    }
    this.#tags = listTags
    const indexes = listTags.map(({ index }) => index)
    context.sink.expectEvery(indexes, 3 * period)
    this.target = new PollTarget({
      id: device.multicastGroup,
      about: { device: device.key, multicastGroup: device.multicastGroup },
      tags: () => indexes,
      listed: () => true,
      read: async (api) => {
        try {
          await this.#read(api)
        } catch (error) {
          this.#failed(error)
          throw error
        }
      },
      refuse: (status) => {
        for (const { index } of listTags) context.sink.failed(index, status)
      },
      // Each answer, and each that is missing, is reported as it comes.
      onFault: () => undefined,
      context,
    })
  }

  /** Forgets what was reported, so that the next report is made whatever it says. */
  started(): void {
    this.#said = undefined
    this.#report()
  }

  /** There is no connection, and why. */
  disconnected(reason: string): void {
    this.target.disconnected()
    this.#become('unknown', reason)
  }

  async #read({ multicast }: ChirpStackApi): Promise<void> {
    const { multicastGroup: id } = this.#config
    const shows = (field: GroupField) => this.#tags.some((tag) => tag.field === field)
    const group = await multicast.group(id)
    const state: GroupState = {
      group,
      ...(shows('devices') ? { devices: await multicast.deviceCount(id, group.applicationId) } : {}),
      ...(shows('gateways') ? { gateways: (await multicast.gatewaysOf(id)).length } : {}),
      ...(shows('queue') ? { queue: (await multicast.queue(id)).length } : {}),
    }
    for (const tag of this.#tags) giveListed(this.#context.sink, tag, groupReading(tag.field, state))
    this.#become('online', '')
  }

  #failed(error: unknown): void {
    if (error instanceof PenstockError && error.code === 'STOPPED') return
    const { multicastGroup: id } = this.#config
    const fault = `${describeError(error)}.`
    const isRefused = error instanceof PenstockError && isRefusal(error.code)
    const missing = `The tenant has no multicast group ${id}, or the API key may not see it. Check the id in ChirpStack.`
    this.#become(isRefused ? 'offline' : 'unknown', isRefused ? `${missing} ${fault}` : `${fault} It is asked again.`)
  }

  #become(state: DeviceState, reason: string): void {
    this.#state = { state, reason }
    this.#report()
  }

  #report(): void {
    const { state, reason } = this.#state
    const said = `${state} ${reason}`
    if (this.#said === said) return
    this.#said = said
    this.#context.report.device(this.#config.key, state, reason)
  }
}

function groupReading(field: GroupField, { group, ...counts }: GroupState): ListReading {
  switch (field) {
    case 'class':
      return { value: group.groupClass }
    case 'devices':
    case 'gateways':
    case 'queue':
      return { value: counts[field] ?? 0 }
    default:
      return { value: group[field] }
  }
}

const isRefusal = (code: ErrorCode): boolean => code === 'ACCESS_DENIED' || code === 'REQUEST_REFUSED'
