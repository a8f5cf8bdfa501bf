import type { Milliseconds } from '../../../core/clock.ts'
import { describeError } from '../../../core/errors.ts'
import type { ChirpStackSourceConfig } from '../../../core/plant.ts'
import type { DeviceOffers, SourceContext } from '../../source.ts'
import type { DeviceEvent } from '../device-event.ts'
import type { InventoryMirror, MirroredDevice } from '../mirror.ts'
import { decide } from './decide.ts'
import { Discovery } from './discovery.ts'
import { firstMatch } from './rules.ts'
import { emptyDiscovery, parseDiscoveryState } from './state.ts'

/** Uplinks teach many devices at once: what follows from them is decided together. */
const DECIDE_AFTER: Milliseconds = 1_000
/** What was learned and is not on disk yet would have to be learned again after a crash. */
const KEEP_AFTER: Milliseconds = 10_000

/** Changes that are logged one by one. */
const MOST_LOGGED = 20

export interface TenantDiscoveryOptions {
  readonly sourceKey: string
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
  #cancelDecide: (() => void) | undefined
  #cancelKeep: (() => void) | undefined

  constructor(options: TenantDiscoveryOptions) {
    this.#options = options
    this.#discovery = new Discovery(this.#recall())
  }

  /** Without rules nothing is looked for. */
  get active(): boolean {
    return (this.#options.offers.configured().rules ?? []).length > 0
  }

  /** What was read last. */
  get mirror(): InventoryMirror | undefined {
    return this.#discovery.mirror
  }

  /** Whether it matters if the device is disabled in ChirpStack. */
  readonly wants = (device: MirroredDevice, application: string): boolean => {
    const match = firstMatch(this.#options.offers.configured().rules ?? [], device, application)
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
    this.#keepSoon()
    this.decide()
  }

  /** Takes an uplink that was not known before. */
  takeUplink(devEui: string, { time, body }: DeviceEvent): void {
    if (!this.active) return
    const fPort = typeof body.fPort === 'number' ? body.fPort : undefined
    const { clock } = this.#options.context
    const learned = this.#discovery.takeUplink({ devEui, time, fPort, object: body.object ?? undefined }, clock.now())
    this.#keepSoon()
    if (learned) this.#cancelDecide ??= clock.after(DECIDE_AFTER, () => this.decide())
  }

  /** The configuration may be another now. */
  reconsider(): void {
    this.decide()
  }

  /** Says what is to be served, and what an operator should know. */
  decide(): void {
    this.#cancelDecide?.()
    this.#cancelDecide = undefined
    const { offers } = this.#options
    const source = offers.configured()
    if (!this.active) {
      offers.serve([])
      offers.findings({ proposals: [], drift: [] })
      return
    }
    const { state } = this.#discovery
    const decision = decide({ source, templates: offers.templates(), state, takenKeys: offers.takenKeys() })
    offers.serve(decision.devices.slice(source.devices.length))
    offers.findings({ proposals: decision.proposals, drift: decision.drift })
  }

  /** Nothing more is decided; what is known is kept. */
  stop(): void {
    this.#cancelDecide?.()
    this.#cancelDecide = undefined
    if (this.#cancelKeep) this.#keep()
  }

  #recall() {
    const { context } = this.#options
    const kept = context.memory.recall(this.#name)
    if (kept === undefined) return emptyDiscovery
    try {
      return parseDiscoveryState(kept)
    } catch (error) {
      context.log.warn({ cause: describeError(error) }, 'What was learned of the devices is lost and is learned anew')
      return emptyDiscovery
    }
  }

  #keepSoon(): void {
    this.#cancelKeep ??= this.#options.context.clock.after(KEEP_AFTER, () => this.#keep())
  }

  #keep(): void {
    this.#cancelKeep?.()
    this.#cancelKeep = undefined
    this.#options.context.memory.keep(this.#name, JSON.stringify(this.#discovery.state))
  }

  /** No device's key has a slash. */
  get #name(): string {
    return `source/${this.#options.sourceKey}`
  }
}
