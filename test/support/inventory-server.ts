import { ApplicationServiceService } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import applicationPb, { type ListApplicationsRequest } from '@chirpstack/chirpstack-api/api/application_pb.js'
import { DeviceServiceService } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import devicePb, { type GetDeviceRequest, type ListDevicesRequest } from '@chirpstack/chirpstack-api/api/device_pb.js'
import { DeviceProfileServiceService } from '@chirpstack/chirpstack-api/api/device_profile_grpc_pb.js'
import deviceProfilePb from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import { TenantServiceService } from '@chirpstack/chirpstack-api/api/tenant_grpc_pb.js'
import tenantPb from '@chirpstack/chirpstack-api/api/tenant_pb.js'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js'
import type { MeasuringProfile } from '../../src/sources/chirpstack/listed.ts'
import { measurementKinds } from '../../src/sources/chirpstack/listed.ts'
import type { MirroredDevice } from '../../src/sources/chirpstack/mirror.ts'

/** One tenant's inventory behind real gRPC, as ChirpStack writes it on the wire: applications, devices and a profile. */
export class InventoryServer {
  readonly #server = new Server()
  readonly devices: MirroredDevice[]
  readonly #profile: MeasuringProfile

  constructor(devices: readonly MirroredDevice[], profile: MeasuringProfile) {
    this.devices = [...devices]
    this.#profile = profile
  }

  /** Resolves with the port. */
  listen(): Promise<number> {
    this.#server.addService(TenantServiceService, {
      get: answering(() => {
        const tenant = new tenantPb.Tenant()
        tenant.setName('Works')
        const response = new tenantPb.GetTenantResponse()
        response.setTenant(tenant)
        return response
      }),
    })
    this.#server.addService(ApplicationServiceService, {
      list: answering((request: ListApplicationsRequest) => this.#applications(request)),
    })
    this.#server.addService(DeviceServiceService, {
      list: answering((request: ListDevicesRequest) => this.#list(request)),
      get: answering((request: GetDeviceRequest) => this.#get(request.getDevEui())),
    })
    this.#server.addService(DeviceProfileServiceService, { get: answering(() => this.#profileAnswer()) })
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      )
    })
  }

  close(): void {
    this.#server.forceShutdown()
  }

  #applications(request: ListApplicationsRequest) {
    const ids = [...new Set(this.devices.map(({ applicationId }) => applicationId))]
    const response = new applicationPb.ListApplicationsResponse()
    response.setTotalCount(ids.length)
    for (const id of ids.slice(request.getOffset(), request.getOffset() + request.getLimit())) {
      const row = new applicationPb.ApplicationListItem()
      row.setId(id)
      row.setName(`Name of ${id}`)
      row.setDescription(`Description of ${id}`)
      response.addResult(row)
    }
    return response
  }

  #list(request: ListDevicesRequest) {
    const devices = this.devices.filter(({ applicationId }) => applicationId === request.getApplicationId())
    const response = new devicePb.ListDevicesResponse()
    response.setTotalCount(devices.length)
    for (const device of devices.slice(request.getOffset(), request.getOffset() + request.getLimit())) {
      response.addResult(deviceRow(device))
    }
    return response
  }

  #get(devEui: string) {
    const device = new devicePb.Device()
    device.setDevEui(devEui)
    device.setIsDisabled(this.devices.find((each) => each.devEui === devEui)?.disabled ?? false)
    const response = new devicePb.GetDeviceResponse()
    response.setDevice(device)
    return response
  }

  #profileAnswer() {
    const profile = new deviceProfilePb.DeviceProfile()
    profile.setName(this.#profile.name)
    profile.setPayloadCodecRuntime(deviceProfilePb.CodecRuntime[this.#profile.codec])
    profile.setUplinkInterval(this.#profile.uplinkInterval)
    profile.setDeviceStatusReqInterval(this.#profile.statusRequestsPerDay)
    for (const { key, name, kind } of this.#profile.measurements) {
      const measurement = new deviceProfilePb.Measurement()
      measurement.setName(name)
      measurement.setKind(measurementKinds.indexOf(kind) as 0 | 1 | 2 | 3 | 4)
      profile.getMeasurementsMap().set(key, measurement)
    }
    const response = new deviceProfilePb.GetDeviceProfileResponse()
    response.setDeviceProfile(profile)
    return response
  }
}

function deviceRow(device: MirroredDevice) {
  const row = new devicePb.DeviceListItem()
  row.setDevEui(device.devEui)
  row.setName(device.name)
  row.setDescription(device.description)
  row.setDeviceProfileId(device.profileId)
  row.setDeviceProfileName(device.profileName)
  for (const [key, value] of Object.entries(device.tags)) row.getTagsMap().set(key, value)
  if (device.updatedAt !== undefined) row.setUpdatedAt(timestamp(device.updatedAt))
  if (device.lastSeenAt !== undefined) row.setLastSeenAt(timestamp(device.lastSeenAt))
  if (device.status) {
    const status = new devicePb.DeviceStatus()
    status.setMargin(device.status.margin)
    status.setExternalPowerSource(device.status.externalPowerSource)
    status.setBatteryLevel(device.status.batteryLevel)
    row.setDeviceStatus(status)
  }
  return row
}

function timestamp(time: number) {
  const message = new timestampPb.Timestamp()
  message.fromDate(new Date(time))
  return message
}

const answering =
  <Request, Response>(answer: (request: Request) => Response) =>
  (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) =>
    callback(null, answer(call.request))
