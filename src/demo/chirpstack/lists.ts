import applicationPb, {
  type ListApplicationsRequest,
  type ListApplicationsResponse,
} from '@chirpstack/chirpstack-api/api/application_pb.js'
import devicePb, {
  type ListDevicesRequest,
  type ListDevicesResponse,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import type { Demand } from './calls.ts'
import { statusMessage } from './device-calls.ts'
import type { Directory } from './directory.ts'
import { compare, matches, pageOf, parseUuid, timeKey } from './paging.ts'
import type { SimulatedDevice } from './records.ts'
import { toTimestamp } from './timestamp.ts'

/** The applications of a tenant, by name. A limit of 0 gives the count alone. */
export function listApplications(
  directory: Directory,
  request: ListApplicationsRequest,
  demand: Demand,
): ListApplicationsResponse {
  const tenantId = parseUuid(request.getTenantId())
  demand(tenantId)
  const all = [...directory.applications.values()]
    .filter((each) => each.tenantId === tenantId && matches(request, each.name))
    .sort((a, b) => compare(a.name, b.name))
  const response = new applicationPb.ListApplicationsResponse()
  response.setTotalCount(all.length)
  for (const { id, name, description } of pageOf(all, request)) {
    const row = new applicationPb.ApplicationListItem()
    row.setId(id)
    row.setName(name)
    row.setDescription(description)
    response.addResult(row)
  }
  return response
}

/**
 * The devices of an application, in the order that is asked for: by name if it is not, and names may be equal. A limit
 * of 0 gives the count alone.
 */
export function listDevices(directory: Directory, request: ListDevicesRequest, demand: Demand): ListDevicesResponse {
  const applicationId = parseUuid(request.getApplicationId())
  const profileId = request.getDeviceProfileId() === '' ? undefined : parseUuid(request.getDeviceProfileId())
  demand(directory.applications.get(applicationId)?.tenantId)
  const group =
    request.getMulticastGroupId() === ''
      ? undefined
      : directory.multicastGroups.get(parseUuid(request.getMulticastGroupId()))
  const isInGroup = ({ devEui }: SimulatedDevice): boolean =>
    request.getMulticastGroupId() === '' || (group?.devEuis.includes(devEui) ?? false)
  const wanted = (device: SimulatedDevice): boolean =>
    device.applicationId === applicationId &&
    (profileId === undefined || device.profileId === profileId) &&
    isInGroup(device) &&
    matches(request, device.name) &&
    request
      .getTagsMap()
      .toArray()
      .every(([key, value]) => device.tags[key] === value)
  const all = [...directory.devices.values()]
    .filter(wanted)
    .map((device) => ({ device, key: sortKey(directory, request, device) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ device }) => device)
  if (request.getOrderByDesc()) all.reverse()
  const response = new devicePb.ListDevicesResponse()
  response.setTotalCount(all.length)
  for (const device of pageOf(all, request)) response.addResult(deviceRow(directory, device))
  return response
}

function deviceRow(directory: Directory, device: SimulatedDevice) {
  const row = new devicePb.DeviceListItem()
  row.setDevEui(device.devEui)
  row.setName(device.name)
  row.setDescription(device.description)
  row.setDeviceProfileId(device.profileId)
  row.setDeviceProfileName(directory.profiles.get(device.profileId)?.name ?? '')
  row.setCreatedAt(toTimestamp(device.createdAt))
  row.setUpdatedAt(toTimestamp(device.updatedAt))
  if (device.lastSeenAt !== undefined) row.setLastSeenAt(toTimestamp(device.lastSeenAt))
  if (device.status) row.setDeviceStatus(statusMessage(device.status))
  for (const [key, value] of Object.entries(device.tags)) row.getTagsMap().set(key, value)
  return row
}

function sortKey(directory: Directory, request: ListDevicesRequest, device: SimulatedDevice): string {
  const { OrderBy } = devicePb.ListDevicesRequest
  switch (request.getOrderBy()) {
    case OrderBy.DEV_EUI:
      return device.devEui
    case OrderBy.LAST_SEEN_AT:
      return timeKey(device.lastSeenAt)
    case OrderBy.DEVICE_PROFILE_NAME:
      return directory.profiles.get(device.profileId)?.name ?? ''
    default:
      return device.name
  }
}
