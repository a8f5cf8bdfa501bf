/** A simulated ChirpStack as a process of its own, under the orders of a ChirpStackProcess. */
import internalPb from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { status } from '@grpc/grpc-js'
import { systemClock } from '../../src/core/clock.ts'
import type { Scope } from '../../src/demo/chirpstack/access.ts'
import type { Outage } from '../../src/demo/chirpstack/calls.ts'
import type { DeviceChanges } from '../../src/demo/chirpstack/directory.ts'
import type { QueueItem } from '../../src/demo/chirpstack/downlink-queue.ts'
import type { Transmission } from '../../src/demo/chirpstack/downlinks.ts'
import type { Json, Uplink } from '../../src/demo/chirpstack/event-body.ts'
import type { EventLogs } from '../../src/demo/chirpstack/event-log.ts'
import type { CallName, Faults, Trouble } from '../../src/demo/chirpstack/faults.ts'
import { SensorFleet } from '../../src/demo/chirpstack/fleet.ts'
import type { StatusAnswer } from '../../src/demo/chirpstack/network-server.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { type ChirpStackSite, setUp } from './chirpstack-site.ts'
import { randomFrom } from './seeded-random.ts'

/** An entry of an event log. */
export interface KeptEvent {
  /** A LogItem as protobuf. */
  readonly item: Uint8Array
  readonly deliverable: boolean
}

/** What PostgreSQL and Redis kept of the process before. */
export interface Memory {
  /** By DevEUI. */
  readonly events: ReadonlyMap<string, readonly KeptEvent[]>
  readonly counters: ReadonlyMap<string, { readonly fCnt: number; readonly fCntDown: number }>
  readonly queues: ReadonlyMap<string, readonly QueueItem[]>
}

/** What the process tells without being asked. */
export type Told =
  | { readonly told: 'event'; readonly devEui: string; readonly event: KeptEvent }
  | { readonly told: 'queue'; readonly devEui: string; readonly items: readonly QueueItem[] }

export interface Answer {
  readonly order: number
  readonly result?: unknown
  readonly error?: string
}

/** What can be set of the faults; the rest has commands of its own. */
export type FaultSettings = Partial<
  Pick<Faults, 'databaseDown' | 'delivery' | 'swapNext' | 'gatewayAnswer' | 'downlinkDelayMs'>
>

const tell = (told: Told | Answer): void => void process.send?.(told)

let chirpStack: SimulatedChirpStack
let fleet: SensorFleet | undefined
const transmissions: Transmission[] = []

const commands = {
  /** Starts the server; answers its port. */
  async listen(site: ChirpStackSite, memory: Memory, port: number): Promise<number> {
    const { timeZone, maxConcurrentStreams } = site
    chirpStack = new SimulatedChirpStack({
      clock: systemClock,
      onEvent: (devEui, item, deliverable) => {
        tell({ told: 'event', devEui, event: { item: item.serializeBinary(), deliverable } })
      },
      onQueue: (devEui, items) => tell({ told: 'queue', devEui, items }),
      onTransmit: (transmission) => transmissions.push(transmission),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams }),
    })
    setUp(chirpStack, site)
    for (const [devEui, events] of memory.events) {
      for (const { item, deliverable } of events) {
        chirpStack.logs.restore(devEui, internalPb.LogItem.deserializeBinary(item), deliverable)
      }
    }
    for (const [devEui, counters] of memory.counters) {
      const device = chirpStack.directory.devices.get(devEui)
      if (device) Object.assign(device, counters)
    }
    for (const [devEui, items] of memory.queues) {
      // A Buffer comes out of the channel as a plain array of bytes.
      chirpStack.queues.restore(
        devEui,
        items.map((item) => ({ ...item, data: Buffer.from(item.data) })),
      )
    }
    return chirpStack.listen(port)
  },
  uplink: (devEui: string, uplink: Uplink) => chirpStack.uplink(devEui, uplink),
  join: (devEui: string) => chirpStack.join(devEui),
  status: (devEui: string, answer: StatusAnswer) => chirpStack.status(devEui, answer),
  event: (devEui: string, kind: string, body: Json) => chirpStack.event(devEui, kind, body),
  rawEvent: (devEui: string, kind: string, body: string, time?: number | null, id?: string) =>
    chirpStack.rawEvent(devEui, kind, body, time, id),
  openStreams: (devEui?: string) => chirpStack.openStreams(devEui),
  breakStreams: (devEui?: string, code?: status, details?: string) => chirpStack.breakStreams(devEui, code, details),
  resetStreams: (errorCode: number, devEui?: string) => chirpStack.resetStreams(errorCode, devEui),
  goAway: (graceMs: number) => chirpStack.goAway(graceMs),
  setUnavailable: (outage: Outage | undefined) => chirpStack.setUnavailable(outage),
  setRedisDown: (down: boolean) => chirpStack.setRedisDown(down),
  wipeRedis: () => chirpStack.wipeRedis(),
  skewClock(ms: number): void {
    chirpStack.clock.skewMs = ms
  },
  behaveAsReal: () => chirpStack.behaveAsReal(),
  /** What is kept of a device's events from now on. */
  setLog: (log: Partial<Pick<EventLogs, 'history' | 'trimming'>>) => void Object.assign(chirpStack.logs, log),
  setFaults: (settings: FaultSettings) => void Object.assign(chirpStack.faults, settings),
  trouble: (call: CallName | 'every call', trouble: Trouble, times?: number) =>
    chirpStack.faults.trouble(call, trouble, times),
  heal: (call?: CallName | 'every call') => chirpStack.faults.heal(call),
  addKey: (key: string, scope: Scope) => chirpStack.access.add(key, scope),
  revokeKey: (key: string) => chirpStack.access.revoke(key),
  addDevice: (device: ChirpStackSite['devices'][number]) => void chirpStack.directory.addDevice(device),
  changeDevice: (devEui: string, changes: DeviceChanges) => void chirpStack.directory.changeDevice(devEui, changes),
  deleteDevice: (devEui: string) => chirpStack.deleteDevice(devEui),
  /** The downlinks that devices have received from this process. */
  transmissions: () => transmissions,
  /** Adds so many devices that send in turn; `random` of the fleet is a generator that begins at `seed`. */
  startFleet(tenantId: string, devices: number, uplinksPerSecond: number, seed: number): readonly string[] {
    fleet = new SensorFleet({ chirpStack, clock: systemClock, random: randomFrom(seed), tenantId, devices })
    fleet.start(uplinksPerSecond)
    return fleet.devEuis
  },
  /** Answers how many uplinks the fleet has sent. */
  stopFleet(): number {
    fleet?.stop()
    return fleet?.sent ?? 0
  },
}

export type Commands = typeof commands

async function obey(order: number, command: keyof Commands, args: readonly unknown[]): Promise<void> {
  try {
    const run = commands[command] as (...args: readonly unknown[]) => unknown
    tell({ order, result: await run(...args) })
  } catch (error) {
    tell({ order, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

process.on('message', ([order, command, ...args]: [number, keyof Commands, ...unknown[]]) => {
  void obey(order, command, args)
})
// The test that owns it is gone.
process.on('disconnect', () => process.exit())
