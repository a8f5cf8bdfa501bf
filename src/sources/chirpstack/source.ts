import { Backoff } from '../../core/backoff.ts'
import { type Milliseconds, pause } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import type { SourceState } from '../../core/health.ts'
import type { ChirpStackGroupConfig, ChirpStackSourceConfig, SourceConfig } from '../../core/plant.ts'
import type { DeviceTags } from '../../core/tag-index.ts'
import type { DeviceOffers, LiveSource, Source, SourceContext } from '../source.ts'
import type { DeviceEvent } from './device-event.ts'
import { TenantDiscovery } from './discovery/tenant-discovery.ts'
import { Downlinks } from './downlink/downlinks.ts'
import { LoRaWanOutlet } from './downlink/outlet.ts'
import { authorization, type Endpoint, type Keepalive } from './endpoint.ts'
import { readGateways, type WatchedGateway } from './gateways.ts'
import { GroupDownlinks } from './multicast/group-downlinks.ts'
import { isMulticastGroup, type WatchedGroup } from './multicast/watched-group.ts'
import { asPenstockError } from './penstock-error.ts'
import { PolledValues } from './polled-values.ts'
import { RpcError } from './rpc-error.ts'
import { Session } from './session.ts'
import { sourceEndpoint } from './source-endpoint.ts'
import { WatchedDevice } from './watched-device.ts'
import { lookCloser } from './way-probe.ts'

const RECONNECT = { first: 1_000, most: 15_000 }
/** A session that stood this long starts the waits small again. */
const HEALTHY_AFTER: Milliseconds = 30_000
/** A key does not get better by asking often. */
const REFUSED_RETRY: Milliseconds = 60_000
/** How long a second look at a failed connection may take. */
const LOOK_CLOSER: Milliseconds = 2_000
/** How often silence is looked for: of each device once in so many turns, since thousands at once take their time. */
const REVIEW_EVERY: Milliseconds = 250
const REVIEW_TURNS = 20

const NO_CONNECTION = 'No connection to ChirpStack.'

export interface ChirpStackSourceOptions {
  readonly config: ChirpStackSourceConfig
  readonly devices: readonly DeviceTags<ChirpStackSourceConfig['devices'][number]>[]
  readonly context: SourceContext
  readonly keepalive?: Keepalive
}

type Placed = readonly DeviceTags<ChirpStackSourceConfig['devices'][number]>[]

/** One ChirpStack tenant: session after session, with backoff between them, until it is stopped. */
export class ChirpStackSource implements Source {
  readonly #options: ChirpStackSourceOptions
  readonly #discovery: TenantDiscovery
  /** Outlive sessions and stops: they know which events were taken already. Sessions see changes. */
  readonly #devices: WatchedDevice[] = []
  #placed: Placed = []
  readonly #polled: PolledValues
  readonly outlet: LoRaWanOutlet
  readonly #downlinks: Downlinks
  /** The one that stands. */
  #session: Session | undefined
  /** The last session has ended, or there could be none, and no other stands yet. */
  #disconnectedNow = false
  #said: string | undefined
  #begun = false
  #run: { readonly abort: AbortController; readonly done: Promise<void> } | undefined

  constructor(options: ChirpStackSourceOptions) {
    this.#options = options
    const { config, context, devices } = options
    const offers = context.offers as DeviceOffers<ChirpStackSourceConfig>
    this.#discovery = new TenantDiscovery({ sourceKey: config.key, tenantId: config.tenantId, context, offers })
    const onFault = (devEui: string, fault: string) =>
      this.#devices.find((device) => device.devEui === devEui)?.polled(fault)
    this.#polled = new PolledValues({ config, context, onFault })
    const { commands: report, clock } = context
    this.#downlinks = new Downlinks({
      queues: () => this.#session?.api,
      device: (key) => this.#devices.find(({ config: { key: own } }) => own === key),
      report,
      clock,
    })
    const groups = new GroupDownlinks({
      api: () => this.#session?.api?.multicast,
      tenantGateways: () => this.#tenantGateways(),
      group: (key) => this.#groupOf(key),
      report,
      clock,
    })
    const isGroup = (key: string) => this.#groupOf(key) !== undefined
    this.outlet = new LoRaWanOutlet({ devices: this.#downlinks, groups, isGroup })
    this.#add(devices)
  }

  /** Devices come, change and go without the others noticing. */
  readonly live: LiveSource<SourceConfig> = {
    withdraw: (keys) => {
      this.#placed = this.#placed.filter(({ device }) => !keys.has(device.key))
      const leaving = this.#devices.filter(({ config }) => keys.has(config.key))
      const staying = this.#devices.filter(({ config }) => !keys.has(config.key))
      // A session goes on in the same list.
      this.#devices.length = 0
      for (const device of staying) this.#devices.push(device)
      for (const device of leaving) device.withdraw()
      this.#session?.leave(leaving)
      this.#polled.withdraw(keys)
    },
    follow: (_config, devices) => {
      const known = new Set(this.#placed.map(({ device }) => device.key))
      const coming = (devices as Placed).filter(({ device }) => !known.has(device.key))
      const { joining, polled } = this.#add(coming)
      if (!this.#begun) return
      this.#report(coming)
      if (!this.#run) return
      for (const each of [...joining, ...polled]) each.started()
      if (this.#disconnectedNow) {
        for (const device of joining) device.disconnected(NO_CONNECTION)
        this.#polled.disconnected(NO_CONNECTION, new Set(coming.map(({ device }) => device.key)))
      }
      this.#session?.join(joining)
    },
  }

  reconsider(): void {
    if (!this.#begun) return
    this.#discovery.reconsider()
    if (this.#discovery.active) this.#session?.lookAgain()
  }

  #add(placed: Placed): {
    readonly joining: readonly WatchedDevice[]
    readonly polled: readonly (WatchedGateway | WatchedGroup)[]
  } {
    const { context } = this.#options
    const listener = {
      uplink: (devEui: string, event: DeviceEvent) => this.#discovery.takeUplink(devEui, event),
      delivery: (kind: string, body: DeviceEvent['body']) => this.#downlinks.take(kind, body),
    }
    const active = placed.filter(isActive)
    const joining = active.flatMap(({ device, tags }) =>
      'devEui' in device ? [new WatchedDevice({ device, tags }, context, listener)] : [],
    )
    this.#placed = [...this.#placed, ...placed]
    for (const device of joining) this.#devices.push(device)
    return { joining, polled: this.#polled.add(active) }
  }

  #groupOf(key: string): ChirpStackGroupConfig | undefined {
    const device = this.#placed.find((each) => each.device.key === key)?.device
    return device && isMulticastGroup(device) && !device.disabled ? device : undefined
  }

  /** Those that are online first. */
  async #tenantGateways(): Promise<readonly string[]> {
    const api = this.#session?.api
    const listed = api ? [...(await readGateways(api, this.#options.config.tenantId)).entries()] : []
    const isOff = ([, { state }]: (typeof listed)[number]) => Number(state !== 'ONLINE')
    return listed.sort((one, other) => isOff(one) - isOff(other)).map(([id]) => id)
  }

  #report(placed: Placed): void {
    const { config, context } = this.#options
    for (const { device, tags } of placed) {
      if (config.disabled || device.disabled) context.report.device(device.key, 'disabled')
      else if (!isActive({ device, tags })) {
        context.report.device(device.key, 'unknown', 'No enabled tag, so nothing is read.')
      }
    }
  }

  start(): void {
    if (this.#run) return
    const { config } = this.#options
    this.#said = undefined
    this.#begun = true
    this.#report(this.#placed)
    // What was found before is served before ChirpStack is reached again.
    this.#discovery.decide()
    if (config.disabled) {
      this.#say('stopped', 'Disabled in the configuration.')
      return
    }
    this.#say('starting', '')
    for (const device of this.#devices) device.started()
    this.#polled.started()
    this.outlet.start()
    const abort = new AbortController()
    this.#run = { abort, done: this.#live(abort.signal) }
  }

  async stop(): Promise<void> {
    this.#begun = false
    this.#discovery.stop()
    const run = this.#run
    if (!run) return
    run.abort.abort()
    this.outlet.stop()
    await run.done
    if (this.#run !== run) return
    this.#run = undefined
    // Uplinks may have come until now.
    this.#discovery.stop()
    this.#say('stopped', '')
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options.context
    let turn = 0
    const endReviews = clock.every(REVIEW_EVERY, () => {
      for (let at = turn; at < this.#devices.length; at += REVIEW_TURNS) this.#devices[at]?.review()
      turn = (turn + 1) % REVIEW_TURNS
    })
    const backoff = new Backoff(RECONNECT, random)
    while (!signal.aborted) {
      const startedAt = clock.monotonic()
      const failure = await this.#oneSession(signal)
      if (!failure || signal.aborted) break
      if (clock.monotonic() - startedAt >= HEALTHY_AFTER) backoff.reset()
      const refused = isRefusal(failure)
      const wait = refused ? REFUSED_RETRY : backoff.next()
      this.#disconnected(refused, failure, wait)
      await pause(clock, wait, signal)
    }
    endReviews()
  }

  /** Why it ended; undefined when it was stopped. */
  async #oneSession(signal: AbortSignal): Promise<PenstockError | undefined> {
    const { config, context } = this.#options
    let connected = false
    let endpoint: Endpoint | undefined
    try {
      const key = context.secret(config.apiKeyEnv)
      if (key === undefined) {
        const message = `The environment variable ${config.apiKeyEnv}, which should hold the API key, is not set`
        throw new PenstockError('SECRET_MISSING', message)
      }
      endpoint = await this.#endpoint()
      if (signal.aborted) return undefined
      const session = new Session({
        config,
        context,
        devices: this.#devices,
        polled: this.#polled,
        discovery: this.#discovery,
        endpoint,
        metadata: authorization(key, config.apiKeyEnv),
        onState: (state, reason) => {
          if (!connected) context.report.count('connects')
          connected = true
          this.#disconnectedNow = false
          if (this.#say(state, reason)) this.#logState(state, reason)
        },
      })
      this.#session = session
      await session.run(signal)
      return undefined
    } catch (error) {
      const failure = asPenstockError(error)
      this.#disconnectedNow = true
      for (const device of this.#devices) device.disconnected(NO_CONNECTION)
      this.#polled.disconnected(NO_CONNECTION)
      if (!endpoint || signal.aborted) return failure
      return lookCloser(failure, endpoint, { clock: context.clock, timeoutMs: LOOK_CLOSER, signal })
    } finally {
      this.#session = undefined
    }
  }

  /** Certificates and keys are read anew for each session: they are renewed while Penstock runs. */
  async #endpoint(): Promise<Endpoint> {
    const { config, context, keepalive } = this.#options
    return await sourceEndpoint({ config, secret: context.secret, now: context.clock.now(), keepalive })
  }

  #disconnected(refused: boolean, failure: PenstockError, wait: Milliseconds): void {
    const { config, context } = this.#options
    context.report.count('connectFailures')
    if (failure.code === 'TIMEOUT') context.report.count('timeouts')
    if (failure.code === 'ACCESS_DENIED') context.report.count('refusals')
    const cause = describeError(failure)
    const state = refused ? 'refused' : 'backoff'
    if (this.#say(state, `${cause}. ${this.#mend(failure)}`)) {
      context.log.warn({ url: config.url, cause, nextAttemptMs: Math.round(wait) }, 'No connection to ChirpStack')
    }
  }

  #mend(failure: PenstockError): string {
    const { config, context } = this.#options
    if (failure instanceof RpcError) return failure.trouble.mend(config)
    const { apiKeyEnv, tls } = config
    const missing = context.secret(apiKeyEnv) === undefined ? apiKeyEnv : tls?.keyEnv
    switch (failure.code) {
      case 'SECRET_MISSING':
        return `Set ${missing}, or ${missing}_FILE to the name of a file that holds it, and start Penstock again.`
      case 'CONFIG_INVALID':
        return 'Files are read again every minute; after a change of a setting or a variable start Penstock again.'
      default:
        return `Check that ChirpStack runs and can be reached at ${config.url}; it is tried again by itself.`
    }
  }

  #logState(state: 'connected' | 'degraded', reason: string): void {
    const { log } = this.#options.context
    const { url } = this.#options.config
    if (state === 'connected') log.info({ url }, 'Connected to ChirpStack')
    else log.warn({ url, cause: reason }, 'Connected to ChirpStack, but not all is well')
  }

  /** Reports a state that is new; answers whether it was. */
  #say(state: SourceState, reason: string): boolean {
    const saying = `${state} ${reason}`
    if (this.#said === saying) return false
    this.#said = saying
    this.#options.context.report.state(state, reason)
    return true
  }
}

const isActive = ({ device, tags }: Placed[number]): boolean =>
  !device.disabled && (tags.some(({ disabled }) => !disabled) || (device.commands?.length ?? 0) > 0)

/** What only a change of the key, the configuration or the rights in ChirpStack mends. */
const isRefusal = ({ code }: PenstockError): boolean =>
  code === 'ACCESS_DENIED' || code === 'REQUEST_REFUSED' || code === 'SECRET_MISSING' || code === 'CONFIG_INVALID'
