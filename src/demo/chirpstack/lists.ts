import applicationPb, {
  type ListApplicationsRequest,
  type ListApplicationsResponse,
} from '@chirpstack/chirpstack-api/api/application_pb.js'
import devicePb, {
  type ListDevicesRequest,
  type ListDevicesResponse,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import deviceProfilePb, {
  type GetDeviceProfileRequest,
  type GetDeviceProfileResponse,
} from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import { status } from '@grpc/grpc-js'
import { CallFault } from './call-fault.ts'
import type { Directory, SimulatedDevice } from './directory.ts'
import { toTimestamp } from './timestamp.ts'

/** Demands the right to what belongs to `tenantId`; throws a CallFault where the caller has it not. */
export type Demand = (tenantId: string | undefined) => void

/** The applications of a tenant, by name. A limit of 0 gives the count alone. */
export function listApplications(
  directory: Directory,
  request: ListApplicationsRequest,
  demand: Demand,
): ListApplicationsResponse {
  const tenantId = parseUuid(request.getTenantId())
  demand(tenantId)
  const search = request.getSearch()
  const all = [...directory.applications.values()]
    .filter((each) => each.tenantId === tenantId && each.name.includes(search))
    .sort((a, b) => compare(a.name, b.name))
  const response = new applicationPb.ListApplicationsResponse()
  response.setTotalCount(all.length)
  for (const { id, name } of pageOf(all, request)) {
    const row = new applicationPb.ApplicationListItem()
    row.setId(id)
    row.setName(name)
    response.addResult(row)
  }
  return response
}

/** The devices of an application, in the order that is asked for. A limit of 0 gives the count alone. */
export function listDevices(directory: Directory, request: ListDevicesRequest, demand: Demand): ListDevicesResponse {
  const application = directory.applications.get(parseUuid(request.getApplicationId()))
  demand(application?.tenantId)
  const all = [...directory.devices.values()]
    .filter((device) => device.applicationId === application?.id && device.name.includes(request.getSearch()))
    .sort((a, b) => compare(sortKey(directory, request, a), sortKey(directory, request, b)))
  if (request.getOrderByDesc()) all.reverse()
  const response = new devicePb.ListDevicesResponse()
  response.setTotalCount(all.length)
  for (const device of pageOf(all, request)) response.addResult(deviceRow(directory, device))
  return response
}

export function getProfile(
  directory: Directory,
  request: GetDeviceProfileRequest,
  demand: Demand,
): GetDeviceProfileResponse {
  const id = parseUuid(request.getId())
  const found = directory.profiles.get(id)
  demand(found?.tenantId)
  if (!found) throw new CallFault(status.NOT_FOUND, `Object does not exist (id: ${id})`)
  const profile = new deviceProfilePb.DeviceProfile()
  profile.setId(found.id)
  profile.setTenantId(found.tenantId)
  profile.setName(found.name)
  profile.setUplinkInterval(found.uplinkInterval)
  profile.setDeviceStatusReqInterval(found.statusRequestsPerDay)
  profile.setPayloadCodecRuntime(deviceProfilePb.CodecRuntime.JS)
  for (const [key, { name, kind }] of Object.entries(found.measurements)) {
    const measurement = new deviceProfilePb.Measurement()
    measurement.setName(name)
    measurement.setKind(deviceProfilePb.MeasurementKind[kind])
    profile.getMeasurementsMap().set(key, measurement)
  }
  const response = new deviceProfilePb.GetDeviceProfileResponse()
  response.setDeviceProfile(profile)
  return response
}

function deviceRow(directory: Directory, device: SimulatedDevice) {
  const row = new devicePb.DeviceListItem()
  row.setDevEui(device.devEui)
  row.setName(device.name)
  row.setDescription(device.description)
  row.setDeviceProfileId(device.profileId)
  row.setDeviceProfileName(directory.profiles.get(device.profileId)?.name ?? '')
  if (device.lastSeenAt !== undefined) row.setLastSeenAt(toTimestamp(device.lastSeenAt))
  return row
}

function sortKey(directory: Directory, request: ListDevicesRequest, device: SimulatedDevice): string {
  const { OrderBy } = devicePb.ListDevicesRequest
  switch (request.getOrderBy()) {
    case OrderBy.DEV_EUI:
      return device.devEui
    case OrderBy.LAST_SEEN_AT:
      return String(device.lastSeenAt ?? 0).padStart(16, '0')
    case OrderBy.DEVICE_PROFILE_NAME:
      return directory.profiles.get(device.profileId)?.name ?? ''
    default:
      return device.name
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const pageOf = <T>(all: readonly T[], request: { getOffset(): number; getLimit(): number }): readonly T[] =>
  all.slice(request.getOffset(), request.getOffset() + request.getLimit())

function parseUuid(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw new CallFault(
    status.INVALID_ARGUMENT,
    `invalid length: expected length 32 for simple format, found ${text.length}`,
  )
}
