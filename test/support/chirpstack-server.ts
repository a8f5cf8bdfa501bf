import { systemClock } from '../../src/core/clock.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { TENANT } from './chirpstack-plant.ts'

export const TENANT_KEY = 'key-of-the-tenant'
export const HALL = 'a81758fffe0a1001'
export const OFFICE = 'a81758fffe0a1002'

/** A call as the server saw it. */
export interface Asked {
  readonly method: string
  readonly subject: string
}

/** A simulated ChirpStack with one tenant, its key, one application and one profile. */
export class ChirpStackServer {
  readonly asked: Asked[] = []
  /** Called before each call is answered. */
  onAsked: (method: string) => void = () => undefined
  readonly chirpStack = new SimulatedChirpStack({
    clock: systemClock,
    // As many as common proxies allow.
    maxConcurrentStreams: 100,
    onCall: (method, subject) => {
      this.asked.push({ method, subject })
      this.onAsked(method)
    },
  })
  readonly profileId: string
  readonly applicationId: string
  port = 0

  constructor(uplinkInterval = 60) {
    const { directory, access } = this.chirpStack
    directory.addTenant({ id: TENANT, name: 'Works' })
    access.add(TENANT_KEY, { admin: false, tenantId: TENANT })
    this.applicationId = directory.addApplication({ tenantId: TENANT, name: 'Building' }).id
    this.profileId = directory.addProfile({ tenantId: TENANT, name: 'Climate', uplinkInterval }).id
  }

  static async start(devEuis: readonly string[], uplinkInterval?: number): Promise<ChirpStackServer> {
    const server = new ChirpStackServer(uplinkInterval)
    for (const devEui of devEuis) server.addDevice(devEui)
    server.port = await server.chirpStack.listen()
    return server
  }

  addDevice(devEui: string): void {
    const { applicationId, profileId } = this
    this.chirpStack.directory.addDevice({ devEui, applicationId, profileId, name: devEui })
  }

  /** What was asked for with `method`. */
  subjects(method: string): string[] {
    return this.asked.filter((call) => call.method === method).map(({ subject }) => subject)
  }
}
