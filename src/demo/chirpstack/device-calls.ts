import devicePb, {
  type DeviceStatus as DeviceStatusMessage,
  type GetDeviceRequest,
  type GetDeviceResponse,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import commonPb from '@chirpstack/chirpstack-api/common/common_pb.js'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import { doesNotExist, parseEui } from './paging.ts'
import type { DeviceStatus } from './records.ts'
import { toTimestamp } from './timestamp.ts'

const CLASSES = {
  A: commonPb.DeviceClass.CLASS_A,
  B: commonPb.DeviceClass.CLASS_B,
  C: commonPb.DeviceClass.CLASS_C,
} as const

/** What the list leaves out too: whether it is disabled, its variables and its class. */
export function getDevice(directory: Directory, request: GetDeviceRequest, demand: Demand): GetDeviceResponse {
  const devEui = parseEui(request.getDevEui())
  demand(directory.tenantOf(devEui))
  const found = directory.devices.get(devEui)
  if (!found) throw doesNotExist(devEui)
  const device = new devicePb.Device()
  device.setDevEui(found.devEui)
  device.setJoinEui(found.joinEui)
  device.setName(found.name)
  device.setDescription(found.description)
  device.setApplicationId(found.applicationId)
  device.setDeviceProfileId(found.profileId)
  device.setIsDisabled(found.isDisabled)
  device.setSkipFcntCheck(found.skipFCntCheck)
  for (const [key, value] of Object.entries(found.tags)) device.getTagsMap().set(key, value)
  for (const [key, value] of Object.entries(found.variables)) device.getVariablesMap().set(key, value)
  const response = new devicePb.GetDeviceResponse()
  response.setDevice(device)
  response.setClassEnabled(CLASSES[found.deviceClass])
  response.setCreatedAt(toTimestamp(found.createdAt))
  response.setUpdatedAt(toTimestamp(found.updatedAt))
  if (found.lastSeenAt !== undefined) response.setLastSeenAt(toTimestamp(found.lastSeenAt))
  if (found.status) response.setDeviceStatus(statusMessage(found.status))
  return response
}

export function statusMessage({ margin, externalPowerSource, batteryLevel }: DeviceStatus): DeviceStatusMessage {
  const message = new devicePb.DeviceStatus()
  message.setMargin(margin)
  message.setExternalPowerSource(externalPowerSource)
  message.setBatteryLevel(batteryLevel)
  return message
}
