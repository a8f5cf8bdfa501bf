import { DeviceServiceClient } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import devicePb from '@chirpstack/chirpstack-api/api/device_pb.js'
import { GatewayServiceClient } from '@chirpstack/chirpstack-api/api/gateway_grpc_pb.js'
import gatewayPb from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import { InternalServiceClient } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb, { type LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { MulticastGroupServiceClient } from '@chirpstack/chirpstack-api/api/multicast_group_grpc_pb.js'
import multicastPb from '@chirpstack/chirpstack-api/api/multicast_group_pb.js'
import type { Channel, ClientReadableStream, Metadata } from '@grpc/grpc-js'
import type { Milliseconds } from '../../../core/clock.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Page } from '../listed.ts'
import { toTimestamp } from '../timestamp.ts'
import type { UnaryCall } from '../unary-call.ts'

/** Rows of a page. */
const PAGE_ROWS = 1_000

/** What ChirpStack says of a multicast group. */
export interface MulticastGroup {
  readonly name: string
  readonly applicationId: string
  /** Address under which its devices hear it, 8 hexadecimal digits, lower case. */
  readonly mcAddr: string
  readonly groupClass: 'B' | 'C'
  readonly dataRate: number
  /** Hz. */
  readonly frequency: number
  /** Frame counter of its next downlink. */
  readonly fCnt: number
}

export interface ListedGroup {
  /** UUID, lower case. */
  readonly id: string
  readonly name: string
}

/** A downlink to a group (chirpstack-api `MulticastGroupQueueItem`): bytes alone, and never acknowledged. */
export interface GroupDownlink {
  readonly fPort: number
  readonly data: Uint8Array
  readonly expiresAt: Milliseconds
}

/** One that stands in ChirpStack's queue, until every gateway of the group has said something to it. */
export interface QueuedGroupDownlink {
  readonly fCnt: number
  readonly fPort: number
  readonly data: Uint8Array
  readonly expiresAt: Milliseconds | undefined
}

/** ChirpStack's calls about multicast groups, on the channel of `ChirpStackApi`; they reject as its own do. */
export class MulticastApi {
  readonly #call: UnaryCall
  readonly #metadata: Metadata
  readonly #groups: MulticastGroupServiceClient
  readonly #devices: DeviceServiceClient
  readonly #gateways: GatewayServiceClient
  readonly #internal: InternalServiceClient

  constructor(
    { endpoint, metadata }: { readonly endpoint: Endpoint; readonly metadata: Metadata },
    channel: Channel,
    call: UnaryCall,
  ) {
    this.#call = call
    this.#metadata = metadata
    const { target, credentials } = endpoint
    const shared = { channelOverride: channel }
    this.#groups = new MulticastGroupServiceClient(target, credentials, shared)
    this.#devices = new DeviceServiceClient(target, credentials, shared)
    this.#gateways = new GatewayServiceClient(target, credentials, shared)
    this.#internal = new InternalServiceClient(target, credentials, shared)
  }

  /** A tenant's key is refused for a group that is not there, with the same words as for one of another tenant. */
  async group(id: string): Promise<MulticastGroup> {
    const request = new multicastPb.GetMulticastGroupRequest()
    request.setId(id)
    const response = await this.#call('MulticastGroupService.Get', this.#groups.get.bind(this.#groups), request)
    const group = response.getMulticastGroup()
    return {
      name: group?.getName() ?? '',
      applicationId: group?.getApplicationId() ?? '',
      mcAddr: (group?.getMcAddr() ?? '').toLowerCase(),
      groupClass: group?.getGroupType() === multicastPb.MulticastGroupType.CLASS_B ? 'B' : 'C',
      dataRate: group?.getDr() ?? 0,
      frequency: group?.getFrequency() ?? 0,
      fCnt: group?.getFCnt() ?? 0,
    }
  }

  /** One page of the groups of an application. */
  async groups(applicationId: string, offset: number): Promise<Page<ListedGroup>> {
    const request = new multicastPb.ListMulticastGroupsRequest()
    request.setApplicationId(applicationId)
    request.setOffset(offset)
    request.setLimit(PAGE_ROWS)
    const response = await this.#call('MulticastGroupService.List', this.#groups.list.bind(this.#groups), request)
    const rows = response.getResultList().map((row) => ({ id: row.getId().toLowerCase(), name: row.getName() }))
    return { total: response.getTotalCount(), rows }
  }

  /** How many devices are in it; all are of its application. */
  async deviceCount(id: string, applicationId: string): Promise<number> {
    const request = new devicePb.ListDevicesRequest()
    request.setApplicationId(applicationId)
    request.setMulticastGroupId(id)
    // A limit of 0 answers the count alone.
    const response = await this.#call('DeviceService.List', this.#devices.list.bind(this.#devices), request)
    return response.getTotalCount()
  }

  /** Ids of the gateways that send what is queued; none: ChirpStack chooses them by whom it heard. Of a thousand at most. */
  async gatewaysOf(id: string): Promise<readonly string[]> {
    const request = new gatewayPb.ListGatewaysRequest()
    request.setMulticastGroupId(id)
    request.setLimit(PAGE_ROWS)
    request.setOrderBy(gatewayPb.ListGatewaysRequest.OrderBy.GATEWAY_ID)
    const response = await this.#call('GatewayService.List', this.#gateways.list.bind(this.#gateways), request)
    return response.getResultList().map((row) => row.getGatewayId().toLowerCase())
  }

  /** Not idempotent: where there is no answer it may stand in the queue. Answers its frame counter. */
  async enqueue(id: string, { fPort, data, expiresAt }: GroupDownlink): Promise<number> {
    const item = new multicastPb.MulticastGroupQueueItem()
    item.setMulticastGroupId(id)
    item.setFPort(fPort)
    item.setData(data)
    item.setExpiresAt(toTimestamp(expiresAt))
    const request = new multicastPb.EnqueueMulticastGroupQueueItemRequest()
    request.setQueueItem(item)
    const method = this.#groups.enqueue.bind(this.#groups)
    return (await this.#call('MulticastGroupService.Enqueue', method, request)).getFCnt()
  }

  /** Also what others queued. */
  async queue(id: string): Promise<readonly QueuedGroupDownlink[]> {
    const request = new multicastPb.ListMulticastGroupQueueRequest()
    request.setMulticastGroupId(id)
    const method = this.#groups.listQueue.bind(this.#groups)
    const response = await this.#call('MulticastGroupService.ListQueue', method, request)
    return response.getItemsList().map((item) => ({
      fCnt: item.getFCnt(),
      fPort: item.getFPort(),
      data: item.getData_asU8(),
      expiresAt: item.getExpiresAt()?.toDate().getTime(),
    }))
  }

  /** Frames that a gateway heard and sent: the last few first, then as they come. */
  frames(gatewayId: string): ClientReadableStream<LogItem> {
    const request = new internalPb.StreamGatewayFramesRequest()
    request.setGatewayId(gatewayId)
    return this.#internal.streamGatewayFrames(request, this.#metadata)
  }
}
