import type { Milliseconds } from '../core/clock.ts'
import { describeError, type PenstockError } from '../core/errors.ts'
import type { DeviceState, SourceState } from '../core/health.ts'
import type { ReadBlock, ReadOutcome } from './driver.ts'
import type { PollLine } from './poll-line.ts'
import type { PolledBlock } from './polled-block.ts'
import type { PolledDevice } from './polled-device.ts'
import type { SourceContext } from './source.ts'

/** Addresses named in a message before the rest is only counted. */
const MOST_NAMED = 5
/** The load at which a line counts as overloaded, if it stays so, and at which it no longer does. */
const OVERLOAD = { from: 0.8, until: 0.7, times: 3 }

/** Tells operators, once for each change, how a line and the devices on it are. */
export class LineReport<Block extends ReadBlock> {
  readonly #endpoint: string
  readonly #context: Pick<SourceContext, 'report' | 'log'>
  readonly #line: PollLine<Block>
  readonly #told = new WeakMap<PolledDevice<Block>, { readonly state: DeviceState; readonly reason: string }>()
  /** Why blocks were refused, and what that comes to for their device. */
  readonly #causes = new WeakMap<PolledBlock<Block>, string>()
  readonly #refused = new WeakMap<PolledDevice<Block>, { refusals: readonly PolledBlock<Block>[]; text: string }>()
  #said: string | undefined
  /** How often in a row the load was too high. */
  #overloads = 0
  #advice = ''

  constructor(endpoint: string, context: Pick<SourceContext, 'report' | 'log'>, line: PollLine<Block>) {
    this.#endpoint = endpoint
    this.#context = context
    this.#line = line
  }

  /** Reports a state that is new; answers whether it was. */
  say(state: SourceState, reason: string): boolean {
    const saying = `${state} ${reason}`
    if (this.#said === saying) return false
    this.#said = saying
    this.#context.report.state(state, reason)
    return true
  }

  /** How the source is while its connection stands. */
  connected(): void {
    const complaints = [this.#silence(), this.#muteness()].filter((text) => text !== '')
    if (complaints.length > 0) {
      const advice = this.#advice === '' ? '' : ` ${this.#advice}`
      this.say('degraded', `Connected to ${this.#endpoint}, but ${complaints.join(' ')}${advice}`)
      return
    }
    const wasConnected = this.#said?.startsWith('connected ') ?? false
    if (!this.say('connected', this.#advice) || wasConnected) return
    this.#context.log.info({ endpoint: this.#endpoint }, 'Connected')
  }

  /** The share of the line's time that polling takes, now and then while connected. */
  load(load: number): void {
    const wasHigh = this.#advice !== ''
    this.#overloads = load > (wasHigh ? OVERLOAD.until : OVERLOAD.from) ? this.#overloads + 1 : 0
    const isHigh = wasHigh ? this.#overloads > 0 : this.#overloads >= OVERLOAD.times
    if (isHigh === wasHigh) return
    const percent = Math.round(100 * load)
    this.#advice = isHigh
      ? `Poll load ${percent} %: the requests of its devices take that share of the time there is, and cycles are ` +
        'left out where it is not enough. Poll less often, or fewer tags, or over more connections.'
      : ''
    const told = { endpoint: this.#endpoint, loadPercent: percent }
    if (isHigh) this.#context.log.warn(told, this.#advice)
    else this.#context.log.info(told, 'The poll load is normal again')
    this.connected()
  }

  /** Nothing comes any more from any device. */
  disconnected(state: 'backoff' | 'refused', error: unknown, wait: Milliseconds): void {
    const reason = describeError(error)
    if (this.say(state, `${reason}. It is tried again by itself.`)) {
      const told = { endpoint: this.#endpoint, cause: reason, nextAttemptMs: Math.round(wait) }
      this.#context.log.warn(told, 'No connection')
    }
    for (const device of this.#line.devices) this.unconnected(device)
  }

  unconnected(device: PolledDevice<Block>): void {
    if (this.#told.get(device)?.state === 'offline') return
    if (!device.breaker.open) device.reason = `No connection to ${this.#endpoint}`
    this.#tell(device, 'offline', device.reason)
  }

  /** After an answer or a miss of the device. */
  device(device: PolledDevice<Block>, answered: boolean): void {
    const { log } = this.#context
    const { key, name } = device.config
    const before = this.#told.get(device)
    if (device.breaker.open) {
      if (!this.#tell(device, 'offline', device.reason)) return
      const text = `Device "${name}" does not answer; it is probed now and then until it does`
      log.warn({ device: key, cause: device.reason }, text)
    } else if (answered || before?.state === 'online') {
      const silence = device.mute.length === 0 ? '' : `It does not answer for ${addressesOf(device.mute)}`
      const refusals = this.#refusals(device)
      const reason = silence === '' || refusals === '' ? silence + refusals : `${silence}. ${refusals}`
      if (!this.#tell(device, 'online', reason)) return
      if (silence !== '') log.warn({ device: key, addresses: addressesOf(device.mute) }, `Device "${name}": ${reason}`)
      else if (before?.state !== 'online') log.info({ device: key }, `Device "${name}" answers`)
      // A refusal was told with its cause when it came.
      else if (reason === '') log.info({ device: key }, `Device "${name}" answers for all addresses again`)
    } else return
    this.connected()
  }

  /** For whoever wants to see each request (`penstock log-level`). */
  asked(device: PolledDevice<Block>, { block }: PolledBlock<Block>, outcome: PenstockError | ReadOutcome<Block>): void {
    const { log } = this.#context
    const { key } = device.config
    const { length } = block.tags
    const first = block.tags[0]?.tag.address
    if ('kind' in outcome) {
      log.debug({ device: key, tags: length, first, outcome: outcome.kind }, 'The device answered')
    } else {
      log.debug({ device: key, tags: length, first, cause: describeError(outcome) }, 'The device did not answer')
    }
  }

  /** The device says that it has no such thing. */
  refused({ config }: PolledDevice<Block>, block: PolledBlock<Block>, cause: PenstockError): void {
    this.#causes.set(block, cause.message)
    const told = { device: config.key, addresses: addressesOf([block]), cause: cause.message }
    this.#context.log.warn(told, 'The device refuses this address; it is asked for again ever more rarely')
  }

  /** Reports of a device what is new; answers whether it was. */
  #tell(device: PolledDevice<Block>, state: DeviceState, reason: string): boolean {
    const before = this.#told.get(device)
    if (before?.state === state && before.reason === reason) return false
    this.#told.set(device, { state, reason })
    this.#context.report.device(device.config.key, state, reason)
    return true
  }

  /** What the device says that it does not have, and why the first of it. */
  #refusals(device: PolledDevice<Block>): string {
    const { refusals } = device
    const before = this.#refused.get(device)
    if (!refusals || before?.refusals === refusals) return before?.text ?? ''
    const [first] = refusals
    const text = first ? `It refuses ${addressesOf(refusals)}: ${this.#causes.get(first) ?? ''}` : ''
    this.#refused.set(device, { refusals, text })
    return text
  }

  #silence(): string {
    const silent = this.#line.devices.filter((device) => device.breaker.open)
    const [first] = silent
    if (!first) return ''
    const others = silent.length > 1 ? `, and ${silent.length - 1} more` : ''
    return (
      `${silent.length} of ${this.#line.devices.length} devices do not answer: ` +
      `"${first.config.name}" (${first.reason})${others}. Check their power, line and address.`
    )
  }

  #muteness(): string {
    const partly = this.#line.devices.filter((device) => device.mute.length > 0)
    const [first] = partly
    if (!first) return ''
    const others = partly.length > 1 ? `, and ${partly.length - 1} more devices in part` : ''
    return (
      `"${first.config.name}" does not answer for ${addressesOf(first.mute)}${others}. ` +
      'Check these addresses in the manual of the device; they are asked for again by themselves.'
    )
  }
}

function addressesOf(blocks: readonly PolledBlock<ReadBlock>[]): string {
  const addresses = [...new Set(blocks.flatMap(({ ownTags }) => ownTags.map(({ tag }) => tag.address)))]
  const more = addresses.length - MOST_NAMED
  return more > 0 ? `${addresses.slice(0, MOST_NAMED).join(', ')} and ${more} more` : addresses.join(', ')
}
