import gatewayPb, {
  type GetGatewayRequest,
  type GetGatewayResponse,
  type ListGatewaysRequest,
  type ListGatewaysResponse,
} from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import commonPb, { type Location } from '@chirpstack/chirpstack-api/common/common_pb.js'
import type { Milliseconds } from '../../core/clock.ts'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import { compare, doesNotExist, matches, pageOf, parseEui, parseUuid, timeKey } from './paging.ts'
import type { SimulatedGateway } from './records.ts'
import { toTimestamp } from './timestamp.ts'

const { GatewayState, ListGatewaysRequest: Listing } = gatewayPb

/**
 * The gateways of a tenant, of a multicast group, or of all tenants where none is named. No right is demanded: ChirpStack 4.20 asks its
 * validator only about a multicast group, so whoever has any header or none is answered.
 */
export function listGateways(
  directory: Directory,
  request: ListGatewaysRequest,
  now: Milliseconds,
  demand: Demand,
): ListGatewaysResponse {
  const group = request.getMulticastGroupId() === '' ? undefined : parseUuid(request.getMulticastGroupId())
  const ofGroup = group === undefined ? undefined : directory.multicastGroups.get(group)
  if (group !== undefined) demand(ofGroup && directory.applications.get(ofGroup.applicationId)?.tenantId)
  const tenantId = request.getTenantId() === '' ? undefined : parseUuid(request.getTenantId())
  const keyOf = (gateway: SimulatedGateway): string => {
    if (request.getOrderBy() === Listing.OrderBy.GATEWAY_ID) return gateway.gatewayId
    if (request.getOrderBy() === Listing.OrderBy.NAME) return gateway.name
    return timeKey(gateway.lastSeenAt)
  }
  const all = [...directory.gateways.values()]
    .filter((each) => tenantId === undefined || each.tenantId === tenantId)
    .filter((each) => group === undefined || (ofGroup?.gatewayIds.includes(each.gatewayId) ?? false))
    .filter((each) => matches(request, each.name))
    .sort((a, b) => compare(keyOf(a), keyOf(b)))
  if (request.getOrderByDesc()) all.reverse()
  const response = new gatewayPb.ListGatewaysResponse()
  response.setTotalCount(all.length)
  for (const gateway of pageOf(all, request)) {
    const row = new gatewayPb.GatewayListItem()
    row.setTenantId(gateway.tenantId)
    row.setGatewayId(gateway.gatewayId)
    row.setName(gateway.name)
    row.setDescription(gateway.description)
    row.setLocation(locationOf(gateway))
    row.setCreatedAt(toTimestamp(gateway.createdAt))
    row.setUpdatedAt(toTimestamp(gateway.createdAt))
    if (gateway.lastSeenAt !== undefined) row.setLastSeenAt(toTimestamp(gateway.lastSeenAt))
    row.setState(GatewayState[stateOf(gateway, now)])
    response.addResult(row)
  }
  return response
}

export function getGateway(directory: Directory, request: GetGatewayRequest, demand: Demand): GetGatewayResponse {
  const found = directory.gateways.get(permitted(directory, request.getGatewayId(), demand))
  if (!found) throw doesNotExist(request.getGatewayId())
  const gateway = new gatewayPb.Gateway()
  gateway.setGatewayId(found.gatewayId)
  gateway.setTenantId(found.tenantId)
  gateway.setName(found.name)
  gateway.setDescription(found.description)
  gateway.setLocation(locationOf(found))
  gateway.setStatsInterval(found.statsInterval)
  for (const [key, value] of Object.entries(found.tags)) gateway.getTagsMap().set(key, value)
  const response = new gatewayPb.GetGatewayResponse()
  response.setGateway(gateway)
  response.setCreatedAt(toTimestamp(found.createdAt))
  response.setUpdatedAt(toTimestamp(found.createdAt))
  if (found.lastSeenAt !== undefined) response.setLastSeenAt(toTimestamp(found.lastSeenAt))
  return response
}

/** The gateway id in lower case, where the caller may read it; an administrator may also ask for one that is not there. */
export function permitted(directory: Directory, gatewayId: string, demand: Demand): string {
  const id = parseEui(gatewayId)
  demand(directory.gateways.get(id)?.tenantId)
  return id
}

/** Offline: silent for longer than two intervals of its statistics. */
function stateOf({ lastSeenAt, statsInterval }: SimulatedGateway, now: Milliseconds): keyof typeof GatewayState {
  if (lastSeenAt === undefined) return 'NEVER_SEEN'
  return now - lastSeenAt > 2_000 * statsInterval ? 'OFFLINE' : 'ONLINE'
}

function locationOf({ location }: SimulatedGateway): Location {
  const message = new commonPb.Location()
  message.setLatitude(location.latitude)
  message.setLongitude(location.longitude)
  message.setAltitude(location.altitude)
  return message
}
