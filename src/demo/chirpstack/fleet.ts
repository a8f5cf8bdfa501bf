import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { Json } from './event-body.ts'
import type { SimulatedChirpStack } from './simulated-chirpstack.ts'

export interface SensorFleetOptions {
  readonly chirpStack: SimulatedChirpStack
  readonly clock: Clock
  /** From 0 up to 1; with the same numbers the fleet sends the same values in the same order. */
  readonly random: () => number
  /** Whose devices they are; made with its key by whoever uses the fleet. */
  readonly tenantId: string
  readonly devices: number
  /** Over which they are spread; 4 if it is not given. */
  readonly applications?: number
  /** What the codec decodes from an uplink: the number of the device, how many it sent before, the time. */
  readonly object?: (device: number, count: number, now: Milliseconds) => Json
}

const APPLICATIONS = 4
/** One timer serves all devices this often. */
const TICK: Milliseconds = 20
/** After a stop of the process no more than this is caught up. */
const MOST_BEHIND: Milliseconds = 1_000
const FIRST_DEV_EUI = 0x70b3d57ed0000000n

/** Thousands of sensors that send in turn, each in its own shuffled place, so many uplinks a second together. */
export class SensorFleet {
  /** In the order of their numbers. */
  readonly devEuis: readonly string[]
  readonly applicationIds: readonly string[]
  readonly profileId: string
  /** Uplinks sent so far. */
  sent = 0
  readonly #chirpStack: SimulatedChirpStack
  readonly #clock: Clock
  readonly #random: () => number
  readonly #object: (device: number, count: number, now: Milliseconds) => Json
  /** The devices in the order in which they send. */
  readonly #turn: readonly number[]
  readonly #counts: Uint32Array
  #stop: (() => void) | undefined

  /** Writes an application or more, a profile and the devices into the directory. */
  constructor(options: SensorFleetOptions) {
    const { chirpStack, tenantId, devices, applications = APPLICATIONS } = options
    this.#chirpStack = chirpStack
    this.#clock = options.clock
    this.#random = options.random
    this.#object = options.object ?? ((_, count) => ({ temperature: this.#temperature(), count }))
    this.#counts = new Uint32Array(devices)
    this.#turn = shuffled(devices, options.random)
    const { directory } = chirpStack
    this.profileId = directory.addProfile({
      tenantId,
      name: 'Fleet sensor',
      measurements: { temperature: { name: 'Temperature', kind: 'GAUGE' }, count: { name: 'Count', kind: 'COUNTER' } },
    }).id
    this.applicationIds = Array.from({ length: applications }, (_, n) => {
      return directory.addApplication({ tenantId, name: `Fleet ${n + 1}` }).id
    })
    this.devEuis = Array.from({ length: devices }, (_, n) => {
      const devEui = (FIRST_DEV_EUI + BigInt(n)).toString(16)
      const applicationId = this.applicationIds[n % applications] ?? ''
      directory.addDevice({ devEui, applicationId, profileId: this.profileId, name: `Sensor ${n + 1}` })
      return devEui
    })
  }

  /** Sends `uplinksPerSecond` in all, evenly, until `stop`. */
  start(uplinksPerSecond: number): void {
    this.stop()
    let due = 0
    let last = this.#clock.monotonic()
    this.#stop = this.#clock.every(TICK, () => {
      const now = this.#clock.monotonic()
      due += (Math.min(now - last, MOST_BEHIND) * uplinksPerSecond) / 1_000
      last = now
      for (; due >= 1; due--) this.sendNext()
    })
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  /** The next device in turn sends; answers its number. */
  sendNext(): number {
    const device = this.#turn[this.sent % this.#turn.length] ?? 0
    this.sent++
    this.#chirpStack.uplink(this.devEuis[device] ?? '', {
      object: this.#object(device, this.#counts[device]!++, this.#clock.now()),
      rssi: -60 - Math.floor(60 * this.#random()),
      snr: Math.round(10 * (12 - 20 * this.#random())) / 10,
      id: this.#uuid(),
    })
    return device
  }

  #temperature(): number {
    return Math.round(10 * (18 + 8 * this.#random())) / 10
  }

  /** A UUID of version 4 from the injected chance. */
  #uuid(): string {
    const word = () => Math.floor(0x1_0000 * this.#random())
    const hex = (value: number) => value.toString(16).padStart(4, '0')
    const [a, b, c, d, e] = [hex(word()), hex(word()), hex(word()), hex(word()), hex(word())]
    return `${a}${b}-${c}-4${hex(word()).slice(1)}-8${hex(word()).slice(1)}-${d}${e}${hex(word())}`
  }
}

/** 0 … length-1 in an order that chance makes (Fisher and Yates). */
function shuffled(length: number, random: () => number): number[] {
  const order = Array.from({ length }, (_, n) => n)
  for (let n = length - 1; n > 0; n--) {
    const other = Math.floor((n + 1) * random())
    const taken = order[n] ?? n
    order[n] = order[other] ?? other
    order[other] = taken
  }
  return order
}
