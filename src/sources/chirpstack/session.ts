import type { Metadata } from '@grpc/grpc-js'
import { Backoff } from '../../core/backoff.ts'
import { type Milliseconds, pause } from '../../core/clock.ts'
import { describeError, isRetryable, type PenstockError } from '../../core/errors.ts'
import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import type { SourceContext } from '../source.ts'
import { ChirpStackApi } from './api.ts'
import { DeviceStream } from './device-stream.ts'
import type { TenantDiscovery } from './discovery/tenant-discovery.ts'
import type { Endpoint } from './endpoint.ts'
import { type Inventory, readInventory } from './inventory.ts'
import type { DeviceProfile } from './listed.ts'
import { inventoryOf, readMirror } from './mirror.ts'
import { OpenGate } from './open-gate.ts'
import { asPenstockError } from './penstock-error.ts'
import type { PolledValues } from './polled-values.ts'
import { RpcError } from './rpc-error.ts'
import { StreamChannels } from './stream-channels.ts'
import type { WatchedDevice } from './watched-device.ts'

const RECHECK = { first: 1_000, most: 15_000 }
/** Streams that break one after another ask for no more proofs than this. */
const LEAST_BETWEEN_PROOFS: Milliseconds = 1_000
/** Streams waiting to be accepted at once, and how far apart the first attempts are spread. */
const OPENING_AT_ONCE = 20
const SPREAD_A_DEVICE: Milliseconds = 5
const MOST_SPREAD: Milliseconds = 5_000
const SHOW_AFTER: Milliseconds = 100

const INSIDE = ['Redis', 'database', 'inside']
const REDIS =
  'ChirpStack ends event streams with an error, though it answers calls: its Redis, which keeps the events, is ' +
  'probably down. Check the Redis server of ChirpStack.'
const NO_APPLICATION =
  'The tenant has no application. If there should be one, the API key is an admin key and the tenant id is wrong: ' +
  "check tenantId against the address of the tenant's page in ChirpStack."

export interface SessionOptions {
  readonly config: ChirpStackSourceConfig
  /** Those that the source has now: changes go on in it. */
  readonly devices: readonly WatchedDevice[]
  /** What only calls tell; asked for on this session's connection while it stands. */
  readonly polled: PolledValues
  /** What makes devices of the inventory. */
  readonly discovery: TenantDiscovery
  readonly context: SourceContext
  readonly endpoint: Endpoint
  readonly metadata: Metadata
  /** The server answered and took the key; or, with what is wrong, something less than all is well. */
  readonly onState: (state: 'connected' | 'degraded', reason: string) => void
}

/**
 * A connection for as long as it can be proved, with a stream for each device. A broken stream proves nothing about
 * the others, nor a refused one about the key: each makes the session ask again. It ends when the server refuses the
 * key, or cannot be reached while no stream brings anything either.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #channels: StreamChannels
  readonly #gate = new OpenGate(OPENING_AT_ONCE)
  readonly #streams = new Map<WatchedDevice, { readonly abort: AbortController; readonly done: Promise<void> }>()
  #api: ChirpStackApi
  #inventory: Inventory | undefined
  /** Monotonic time at which the next one is due. */
  #inventoryAt: Milliseconds
  /** Why each device's last stream broke. */
  readonly #broken = new Map<WatchedDevice, PenstockError>()
  /** The tenant has applications that the key may see, as far as was asked. */
  #applications: boolean | undefined
  /** What the last call said; undefined: all was well. */
  #failure: PenstockError | undefined
  #wake: AbortController | undefined
  #doubted = false
  #cancelShow: (() => void) | undefined
  /** Monotonic time at which the last proof began that succeeded. */
  #provedAt: Milliseconds = Number.NEGATIVE_INFINITY
  readonly #pollingOver = new AbortController()
  #polling: Promise<void> | undefined
  /** It has ended, or is about to: whoever comes now waits for the next one. */
  #over = false
  /** What the profiles said last, by their ids; undefined: refused. */
  #profiles: ReadonlyMap<string, DeviceProfile | undefined> = new Map()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#channels = new StreamChannels(options.endpoint, options.metadata)
    this.#api = this.#connectApi()
    this.#inventoryAt = options.context.clock.monotonic()
  }

  /** Resolves when `signal` aborts; rejects with the reason when the connection is proved gone or refused. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#api.close()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await this.#keep(signal)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#over = true
      this.#pollingOver.abort()
      this.#api.close()
      await this.#polling
      this.#cancelShow?.()
      for (const { abort } of this.#streams.values()) abort.abort()
      await Promise.all([...this.#streams.values()].map(({ done }) => done))
    }
  }

  /** These devices are withdrawn: their streams end. */
  leave(devices: readonly WatchedDevice[]): void {
    for (const device of devices) {
      this.#streams.get(device)?.abort.abort()
      this.#streams.delete(device)
      this.#broken.delete(device)
    }
  }

  /** These devices are new among those of the source. */
  join(devices: readonly WatchedDevice[]): void {
    // Before the first inventory nothing is open; it will open these too.
    if (this.#over || (this.#streams.size === 0 && !this.#inventory)) return
    const inventory = this.#inventory
    // One that is added here and there at the same time is no stranger: the inventory is only older.
    const listed = inventory ? devices.filter(({ devEui }) => inventory.has(devEui)) : devices
    if (inventory) {
      this.#options.polled.listed(
        inventory,
        listed.map(({ config }) => config.key),
      )
    }
    this.#match(listed)
    this.#tellProfiles(listed)
    if (listed.length < devices.length || listed.some((device) => this.#lacksProfile(device))) this.lookAgain()
    this.#showSoon()
  }

  /** Reads the inventory as soon as may be. */
  lookAgain(): void {
    this.#inventoryAt = this.#options.context.clock.monotonic()
    this.#doubt()
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options.context
    const recheck = new Backoff(RECHECK, random)
    let proved = false
    while (!signal.aborted) {
      const startedAt = clock.monotonic()
      this.#doubted = false
      let failure = await this.#prove()
      if (!failure && !proved) this.#show()
      proved ||= !failure
      if (!failure) this.#provedAt = startedAt
      if (!failure && startedAt >= this.#inventoryAt) {
        this.#inventoryAt = startedAt + this.#options.config.inventoryPeriodMs
        failure = await this.#takeInventory(signal)
        if (failure) this.#inventoryAt = startedAt
        this.#polling ??= this.#poll()
      }
      if (signal.aborted) return
      if (failure) this.#countFailure(failure)
      else recheck.reset()
      this.#failure = failure
      this.#show()
      const wait = failure ? recheck.next() : Math.max(0, this.#inventoryAt - clock.monotonic())
      await this.#sleep(wait, startedAt + LEAST_BETWEEN_PROOFS, signal)
    }
  }

  /** Answers why the server cannot be asked just now; throws when that ends the session. */
  async #prove(): Promise<PenstockError | undefined> {
    try {
      const { total } = await this.#api.applications(this.#options.config.tenantId, 0, 1)
      this.#applications = total > 0
      return undefined
    } catch (error) {
      const failure = asPenstockError(error)
      const refused = failure.code === 'ACCESS_DENIED' || failure.code === 'REQUEST_REFUSED'
      if (refused || !this.#options.devices.some(({ stream }) => stream === 'up')) throw failure
      this.#api.close()
      this.#api = this.#connectApi()
      return failure
    }
  }

  #countFailure({ code }: PenstockError): void {
    const { report } = this.#options.context
    if (code === 'TIMEOUT') report.count('timeouts')
    if (code === 'ACCESS_DENIED' || code === 'REQUEST_REFUSED') report.count('refusals')
  }

  #poll(): Promise<void> {
    const { polled } = this.#options
    const doubt = (refused: boolean) => {
      if (refused) this.lookAgain()
      else this.#doubt()
    }
    const lent = { api: () => this.#api, provedAt: () => this.#provedAt, doubt, changed: () => this.#showSoon() }
    return polled.run(lent, this.#pollingOver.signal)
  }

  /** Which devices there are, and what their profiles say. Without an answer every stream is tried all the same. */
  async #takeInventory(signal: AbortSignal): Promise<PenstockError | undefined> {
    const failure = await this.#readInventory().then(() => undefined, asPenstockError)
    if (signal.aborted || (failure && this.#inventory)) return failure
    if (this.#inventory) this.#options.polled.listed(this.#inventory)
    this.#match(this.#options.devices)
    return failure ?? this.#takeProfiles(signal)
  }

  /** Opens the streams of the devices that there are, and ends those of others. */
  #match(devices: readonly WatchedDevice[]): void {
    const opening: WatchedDevice[] = []
    for (const device of devices) {
      const listed = this.#inventory?.get(device.devEui)
      if (this.#inventory && !listed) {
        this.#close(device)
        continue
      }
      device.present(listed?.lastSeenAt)
      if (!this.#streams.has(device)) opening.push(device)
    }
    for (const device of opening) this.#open(device, opening.length)
  }

  async #readInventory(): Promise<void> {
    const { devices, config, discovery } = this.#options
    if (discovery.active) {
      const { tenantId } = config
      const mirror = await readMirror({ api: this.#api, tenantId, previous: discovery.mirror, wanted: discovery.wants })
      this.#inventory = inventoryOf(mirror)
      this.#profiles = new Map(mirror.profiles.map((profile) => [profile.id, profile]))
      discovery.takeInventory(mirror)
      return
    }
    const before = this.#inventory
    const listed = await readInventory(this.#api, config.tenantId)
    const gone = devices.filter(({ devEui }) => before?.has(devEui) && !listed.has(devEui))
    // A device that moves to another application meanwhile can be missed once; its stream is not ended for that.
    this.#inventory = gone.length > 0 ? await readInventory(this.#api, config.tenantId) : listed
  }

  /** What the profiles say of intervals; whoever looks for devices has read them with the inventory. */
  async #takeProfiles(signal: AbortSignal): Promise<PenstockError | undefined> {
    const failure = this.#options.discovery.active ? undefined : await this.#readProfiles(signal)
    if (!failure) this.#tellProfiles(this.#options.devices)
    return failure
  }

  /** A profile that is refused teaches nothing, and is no fault: the intervals are learned then. */
  async #readProfiles(signal: AbortSignal): Promise<PenstockError | undefined> {
    const profiles = new Map<string, DeviceProfile | undefined>()
    // Devices may join while one is waited for.
    for (const device of [...this.#options.devices]) {
      const id = this.#inventory?.get(device.devEui)?.profileId
      if (!id || signal.aborted || profiles.has(id)) continue
      try {
        profiles.set(id, await this.#api.profile(id))
      } catch (error) {
        const failure = asPenstockError(error)
        if (isRetryable(failure)) return failure
        profiles.set(id, undefined)
      }
    }
    this.#profiles = profiles
    return undefined
  }

  #tellProfiles(devices: readonly WatchedDevice[]): void {
    for (const device of devices) {
      const profile = this.#profiles.get(this.#inventory?.get(device.devEui)?.profileId ?? '')
      if (!profile) continue
      device.profiled(profile)
      this.#options.polled.profiled(device.config.key, profile)
    }
  }

  /** Its profile was not asked for, as no other device had it. */
  #lacksProfile({ devEui }: WatchedDevice): boolean {
    const id = this.#inventory?.get(devEui)?.profileId ?? ''
    return id !== '' && !this.#options.discovery.active && !this.#profiles.has(id)
  }

  #open(device: WatchedDevice, together: number): void {
    const { clock, random, report } = this.#options.context
    const abort = new AbortController()
    device.opening()
    const stream = new DeviceStream({
      devEui: device.devEui,
      open: (devEui) => {
        report.count('requests')
        return this.#channels.open(devEui)
      },
      gate: this.#gate,
      clock,
      random,
      openTimeoutMs: this.#options.config.callTimeoutMs,
      onAccepted: () => {
        device.accepted()
        this.#showSoon()
      },
      onItem: (item) => device.take(item),
      onCut: () => this.#doubt(),
      onBroken: (cause) => {
        this.#broken.set(device, cause)
        device.broken(cause)
        // The key may be good and the device gone: the inventory tells.
        if (cause.code === 'ACCESS_DENIED' || cause.code === 'REQUEST_REFUSED') this.lookAgain()
        else this.#doubt()
        this.#showSoon()
      },
    })
    const spread = Math.min(MOST_SPREAD, SPREAD_A_DEVICE * together)
    this.#streams.set(device, { abort, done: stream.run(abort.signal, random() * spread) })
  }

  #close(device: WatchedDevice): void {
    const { tenantId, inventoryPeriodMs } = this.#options.config
    this.#streams.get(device)?.abort.abort()
    this.#streams.delete(device)
    device.absent(tenantId, inventoryPeriodMs)
  }

  /** For downlinks, while the connection was proved last. */
  get api(): ChirpStackApi | undefined {
    return this.#failure ? undefined : this.#api
  }

  /** Something happened after which the connection must be proved again. */
  #doubt(): void {
    this.#doubted = true
    this.#wake?.abort()
  }

  async #sleep(wait: Milliseconds, notBefore: Milliseconds, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.context
    this.#wake = new AbortController()
    if (!this.#doubted) await pause(clock, wait, AbortSignal.any([signal, this.#wake.signal]))
    this.#wake = undefined
    const early = notBefore - clock.monotonic()
    if (early > 0) await pause(clock, early, signal)
  }

  /** Thousands of streams can break or be accepted at once: they are told of together. */
  #showSoon(): void {
    this.#cancelShow ??= this.#options.context.clock.after(SHOW_AFTER, () => this.#show())
  }

  /** Says how well it goes, as long as the session stands. */
  #show(): void {
    this.#cancelShow?.()
    this.#cancelShow = undefined
    const { devices, polled, onState } = this.#options
    const troubled = devices.filter(({ stream }) => stream === 'down' || stream === 'absent')
    const reasons: string[] = []
    if (this.#failure) reasons.push(`${describeError(this.#failure)}. It is asked again by itself.`)
    if (this.#applications === false && devices.length > 0) reasons.push(NO_APPLICATION)
    if (!this.#failure && troubled.some((device) => this.#endedInside(device))) reasons.push(REDIS)
    const [first] = troubled
    if (first) {
      const others = troubled.length > 1 ? ` And ${troubled.length - 1} more.` : ''
      reasons.push(
        `${troubled.length} of ${devices.length} devices have no event stream: "${first.config.name}": ${first.fault}${others}`,
      )
    }
    if (polled.trouble !== '') reasons.push(polled.trouble)
    onState(reasons.length > 0 ? 'degraded' : 'connected', reasons.join(' '))
  }

  #endedInside(device: WatchedDevice): boolean {
    const cause = this.#broken.get(device)
    return device.stream === 'down' && cause instanceof RpcError && INSIDE.includes(cause.trouble.name)
  }

  #connectApi(): ChirpStackApi {
    const { endpoint, metadata, context, config } = this.#options
    return new ChirpStackApi({
      endpoint,
      metadata,
      clock: context.clock,
      tracing: context.tracing,
      timeoutMs: config.callTimeoutMs,
      onRequest: () => context.report.count('requests'),
    })
  }
}
