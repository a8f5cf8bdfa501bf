import type { Milliseconds } from '../../../core/clock.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig } from '../../../core/plant.ts'
import type { DiscoveryRule } from '../../../core/template.ts'
import type { DeviceOffers, SourceContext } from '../../source.ts'
import type { DeviceEvent } from '../device-event.ts'
import { inTurns } from '../in-turns.ts'
import type { InventoryMirror, MirroredDevice } from '../mirror.ts'
import { type Decision, deciding } from './decide.ts'
import { Discovery } from './discovery.ts'
import { KeptDiscovery, partOf } from './kept-discovery.ts'
import { firstMatch } from './rules.ts'

/** Uplinks teach many devices at once: what follows from them is decided together. */
const DECIDE_AFTER: Milliseconds = 1_000
/** Devices that are decided about in one turn of the event loop: some milliseconds. */
const DEVICES_A_TURN = 50

/** Changes that are logged one by one. */
const MOST_LOGGED = 20

export interface TenantDiscoveryOptions {
  readonly sourceKey: string
  readonly tenantId: string
  readonly context: Pick<SourceContext, 'clock' | 'log' | 'memory'>
  readonly offers: DeviceOffers<ChirpStackSourceConfig>
}

/**
 * Turns what a tenant has into devices that are served, as the rules of its source say, and tells in what the plant and
 * ChirpStack differ. Outlives sessions; what it knows outlives the process.
 */
export class TenantDiscovery {
  readonly #options: TenantDiscoveryOptions
  readonly #discovery: Discovery
  readonly #kept: KeptDiscovery
  #cancelDecide: (() => void) | undefined
  /** What is being decided, and whether there is news already that it does not know. */
  #deciding: { readonly giveUp: () => void; outdated: boolean } | undefined
  #found: readonly ChirpStackDeviceConfig[] | undefined

  constructor(options: TenantDiscoveryOptions) {
    this.#options = options
    const { sourceKey, tenantId, context } = options
    const { clock, log, memory } = context
    this.#kept = new KeptDiscovery({ sourceKey, tenantId, clock, log, memory }, () => ({
      mirror: this.#discovery.mirror,
      devicesOf: (part) => this.#discovery.devicesWhere((devEui) => partOf(devEui) === part),
    }))
    this.#discovery = new Discovery(this.#kept.recall(), (devEui, learned) => this.#kept.deviceChanged(devEui, learned))
  }

  get #source(): ChirpStackSourceConfig | undefined {
    const source = this.#options.offers.configured()
    return source?.kind === 'chirpstack' ? source : undefined
  }

  get #rules(): readonly DiscoveryRule[] {
    return this.#source?.rules ?? []
  }

  /** Without rules nothing is looked for. */
  get active(): boolean {
    return this.#rules.length > 0
  }

  /** What was read last. */
  get mirror(): InventoryMirror | undefined {
    return this.#discovery.mirror
  }

  /** Whether it matters if the device is disabled in ChirpStack. */
  readonly wants = (device: MirroredDevice, application: string): boolean => {
    const match = firstMatch(this.#rules, device, application)
    return match !== undefined && !match.rule.ignore
  }

  takeInventory(mirror: InventoryMirror): void {
    const changes = this.#discovery.takeInventory(mirror)
    for (const change of changes.slice(0, MOST_LOGGED)) {
      this.#options.context.log.info({ ...change }, 'A device of ChirpStack has changed')
    }
    if (changes.length > MOST_LOGGED) {
      this.#options.context.log.info(
        { changes: changes.length - MOST_LOGGED },
        'More devices of ChirpStack have changed',
      )
    }
    this.#kept.mirrorChanged()
    this.decide()
  }

  /** Takes an uplink that was not known before. */
  takeUplink(devEui: string, { time, body }: DeviceEvent): void {
    if (!this.active || this.#source?.rejected?.includes(devEui)) return
    const fPort = typeof body.fPort === 'number' ? body.fPort : undefined
    const { clock } = this.#options.context
    const learned = this.#discovery.takeUplink({ devEui, time, fPort, object: body.object ?? undefined }, clock.now())
    if (learned) this.#cancelDecide ??= clock.after(DECIDE_AFTER, () => this.decide())
  }

  /** The configuration may be another now: what is being decided by the former one is not said. */
  reconsider(): void {
    this.#deciding?.giveUp()
    this.#deciding = undefined
    this.decide()
  }

  /** Soon says what is to be served, and what an operator should know. */
  decide(): void {
    this.#cancelDecide?.()
    this.#cancelDecide = undefined
    if (this.#deciding) {
      this.#deciding.outdated = true
      return
    }
    const { offers, context } = this.#options
    const source = this.#source
    if (!source) return
    if (!this.active) {
      this.#say({ found: [], proposals: [], drift: [] })
      return
    }
    for (const devEui of source.rejected ?? []) if (this.#discovery.hasLearned(devEui)) this.#discovery.forget(devEui)
    const { state } = this.#discovery
    const before = this.#found
    const work = deciding({ source, templates: offers.templates(), state, takenKeys: offers.takenKeys(), before })
    const giveUp = inTurns(context.clock, work, DEVICES_A_TURN, (decision) => {
      const outdated = this.#deciding?.outdated
      this.#deciding = undefined
      if (!this.#source) return
      this.#say(decision)
      if (outdated) this.decide()
    })
    this.#deciding = { giveUp, outdated: false }
  }

  /** Nothing more is decided; what is known is kept. */
  stop(): void {
    this.#cancelDecide?.()
    this.#cancelDecide = undefined
    this.#deciding?.giveUp()
    this.#deciding = undefined
    this.#kept.flush()
  }

  #say({ found, proposals, drift }: Omit<Decision, 'devices'>): void {
    const { offers } = this.#options
    this.#found = found
    offers.serve(found)
    offers.findings({ proposals, drift })
  }
}
