import deviceProfilePb, {
  type GetDeviceProfileRequest,
  type GetDeviceProfileResponse,
  type ListDeviceProfilesRequest,
  type ListDeviceProfilesResponse,
} from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import commonPb from '@chirpstack/chirpstack-api/common/common_pb.js'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import { compare, doesNotExist, matches, pageOf, parseUuid } from './paging.ts'

/** A profile with its measurements. One that belongs to no tenant can be read with any key. */
export function getProfile(
  directory: Directory,
  request: GetDeviceProfileRequest,
  demand: Demand,
): GetDeviceProfileResponse {
  const id = parseUuid(request.getId())
  const found = directory.profiles.get(id)
  if (found?.tenantId !== '') demand(found?.tenantId)
  if (!found) throw doesNotExist(id)
  const profile = new deviceProfilePb.DeviceProfile()
  profile.setId(found.id)
  profile.setTenantId(found.tenantId)
  profile.setName(found.name)
  profile.setRegion(commonPb.Region.EU868)
  profile.setUplinkInterval(found.uplinkInterval)
  profile.setDeviceStatusReqInterval(found.statusRequestsPerDay)
  profile.setPayloadCodecRuntime(deviceProfilePb.CodecRuntime[found.codec])
  profile.setSupportsOtaa(true)
  profile.setSupportsClassB(found.supportsClassB)
  profile.setSupportsClassC(found.supportsClassC)
  profile.setClassCTimeout(found.classCTimeout)
  profile.setFlushQueueOnActivate(found.flushQueueOnActivate)
  profile.setAutoDetectMeasurements(found.autoDetectMeasurements)
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

/** The profiles of a tenant and those of no tenant, by name; without measurements, codec and intervals. */
export function listProfiles(
  directory: Directory,
  request: ListDeviceProfilesRequest,
  demand: Demand,
): ListDeviceProfilesResponse {
  const tenantId = request.getTenantId() === '' ? undefined : parseUuid(request.getTenantId())
  demand(tenantId)
  const all = [...directory.profiles.values()]
    .filter((each) => tenantId === undefined || each.tenantId === tenantId || each.tenantId === '')
    .filter((each) => (!request.getTenantOnly() || each.tenantId !== '') && matches(request, each.name))
    .sort((a, b) => compare(a.name, b.name))
  const response = new deviceProfilePb.ListDeviceProfilesResponse()
  response.setTotalCount(all.length)
  for (const { id, name, supportsClassB, supportsClassC } of pageOf(all, request)) {
    const row = new deviceProfilePb.DeviceProfileListItem()
    row.setId(id)
    row.setName(name)
    row.setRegion(commonPb.Region.EU868)
    row.setSupportsOtaa(true)
    row.setSupportsClassB(supportsClassB)
    row.setSupportsClassC(supportsClassC)
    response.addResult(row)
  }
  return response
}
