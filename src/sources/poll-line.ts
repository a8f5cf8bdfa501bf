import type { Clock, Milliseconds } from '../core/clock.ts'
import type { PollingHealth } from '../core/health.ts'
import type { ReadBlock, ReadOutcome } from './driver.ts'
import type { PolledBlock } from './polled-block.ts'
import type { PolledDevice } from './polled-device.ts'
import { ProbeLane } from './probe-lane.ts'
import { RecentTimes } from './recent-times.ts'

/** The next request on a line. */
export interface Ask<Block extends ReadBlock> {
  readonly device: PolledDevice<Block>
  readonly block: PolledBlock<Block>
  /** How long to wait for the answer. */
  readonly within: Milliseconds
  readonly probe: boolean
}

/**
 * Whose turn it is on a line that carries one request at a time, or a few. Devices that answer come first, in turns; then those
 * of which nothing was heard since the first recent miss, for whatever silenced one may have silenced many; what did
 * not answer the last time gets a small part of the line's time, one request at a time however many are under way. No
 * one waits longer than a round of the others.
 */
export class PollLine<Block extends ReadBlock> {
  readonly #lane: ProbeLane
  readonly #timeoutMs: Milliseconds
  #devices: readonly PolledDevice<Block>[] = []
  /** The same, the one served longest ago first. */
  #turns: PolledDevice<Block>[] = []
  readonly #lateness = new RecentTimes()
  readonly #roundTrips = new RecentTimes()
  /** Cycles due before this were late for what all had to be read at first, over a new connection. */
  #lateFrom: Milliseconds | undefined
  /** Since when a device must have answered to count as proved. */
  #doubtSince: Milliseconds | undefined
  /** Requests to proved devices since another was served. */
  #inARow = 0
  /** The device whose probe is under way beside other requests. */
  #probed: PolledDevice<Block> | undefined
  readonly #window: number

  /** `window`: requests that may be under way at once. */
  constructor({ timeoutMs, window = 1 }: { readonly timeoutMs: Milliseconds; readonly window?: number }) {
    this.#timeoutMs = timeoutMs
    this.#window = window
    this.#lane = new ProbeLane(timeoutMs)
  }

  get devices(): readonly PolledDevice<Block>[] {
    return this.#devices
  }

  get silent(): boolean {
    return this.#devices.every((device) => device.breaker.open)
  }

  /** The share of the line's time that the cycles of all devices that answer take: at 1 it is full. */
  get load(): number {
    let load = 0
    for (const device of this.#devices) if (!device.breaker.open) load += device.load
    return load / this.#window
  }

  /** How late cycles began and how long requests took, of late, and how the breaker of each device stands. */
  health(clock: Clock): PollingHealth {
    const [now, epoch] = [clock.monotonic(), clock.now()]
    const breakers = this.#devices.map(({ config, breaker }) => {
      const { failures, retryAt } = breaker
      const nextProbeAt = retryAt === undefined ? null : Math.round(epoch + Math.max(0, retryAt - now))
      return [config.key, { state: breaker.stateAt(now), failures, nextProbeAt }] as const
    })
    return {
      load: this.load,
      latenessP50Ms: this.#lateness.percentile(0.5),
      latenessP99Ms: this.#lateness.percentile(0.99),
      roundTripP50Ms: this.#roundTrips.percentile(0.5),
      roundTripP99Ms: this.#roundTrips.percentile(0.99),
      breakers: Object.fromEntries(breakers),
    }
  }

  add(devices: readonly PolledDevice<Block>[]): void {
    this.#devices = [...this.#devices, ...devices]
    this.#turns = [...devices, ...this.#turns]
  }

  /** Takes devices off the line; nothing more is heard of them. */
  remove(deviceKeys: ReadonlySet<string>): void {
    for (const { config, sink } of this.#devices) if (deviceKeys.has(config.key)) sink.close()
    this.#devices = this.#devices.filter(({ sink }) => !sink.closed)
    this.#turns = this.#turns.filter(({ sink }) => !sink.closed)
    if (this.#probed?.sink.closed) this.#probed = undefined
  }

  reconnected(now: Milliseconds): void {
    this.#doubtSince = undefined
    this.#lateFrom = undefined
    this.#probed = undefined
    for (const device of this.#devices) device.reconnected(now)
  }

  /** Begins the cycles that are due; answers how many were left out. */
  takeDue(now: Milliseconds): number {
    let skipped = 0
    for (const device of this.#devices) skipped += device.takeDue(now)
    return skipped
  }

  /** What to ask for now, if anything. */
  next(now: Milliseconds): Ask<Block> | undefined {
    const mayProbe = !this.#probed && this.#probesFrom(now) <= now
    let proved: Ask<Block> | undefined
    let unproved: Ask<Block> | undefined
    let probe: Ask<Block> | undefined
    let allProved = true
    for (const device of this.#turns) {
      const isProved = this.#doubtSince === undefined || device.answeredAt >= this.#doubtSince
      if (!device.doubted && !isProved) allProved = false
      const block = device.next(now, mayProbe)
      if (!block) continue
      if (device.isProbe(block)) probe ??= this.#askFor(device, block, true)
      else if (!isProved) unproved ??= this.#askFor(device, block, false)
      else {
        proved ??= this.#askFor(device, block, false)
        if (this.#doubtSince === undefined && this.#inARow < this.#devices.length) break
      }
    }
    if (allProved) this.#doubtSince = undefined
    const ask = this.#choose(proved, unproved ?? probe)
    const late = ask?.device.lateAt(ask.block, now)
    if (this.#lateFrom === undefined && !this.#devices.some((device) => device.catchingUp)) this.#lateFrom = now
    if (late !== undefined && now - late >= (this.#lateFrom ?? now + 1)) this.#lateness.note(late)
    return ask
  }

  /** What `next` gave was sent, and more may be before it is settled. */
  sent({ device, block, probe }: Ask<Block>): void {
    if (probe) this.#probed = device
    device.sent(block)
  }

  /** When there may be something to ask for, while `next` has nothing. */
  wakeAt(now: Milliseconds): Milliseconds {
    const probesFrom = this.#probed ? Number.POSITIVE_INFINITY : this.#probesFrom(now)
    let at = Number.POSITIVE_INFINITY
    for (const device of this.#devices) at = Math.min(at, device.wakeAt(probesFrom))
    return at
  }

  answered(
    { device, block, probe }: Ask<Block>,
    outcome: ReadOutcome<Block>,
    took: Milliseconds,
    now: Milliseconds,
  ): void {
    if (probe) this.#probed = undefined
    this.#lane.answered(device.roundTrips, took)
    this.#roundTrips.note(took)
    block.took(took)
    device.answered(block, outcome, now)
  }

  missed({ device, block, within, probe }: Ask<Block>, took: Milliseconds, now: Milliseconds): void {
    if (probe) {
      this.#probed = undefined
      this.#lane.missed(took, within, this.#nobodyAnswers)
    } else {
      this.#lane.missedByTrusted()
      this.#doubtSince ??= now - took
    }
    device.missed(block, now, now - took)
  }

  #choose(proved: Ask<Block> | undefined, other: Ask<Block> | undefined): Ask<Block> | undefined {
    const ask = proved && (!other || this.#inARow < this.#devices.length) ? proved : (other ?? proved)
    if (!ask) return undefined
    this.#inARow = ask === proved ? this.#inARow + 1 : 0
    if (this.#turns.at(-1) !== ask.device) {
      this.#turns.splice(this.#turns.indexOf(ask.device), 1)
      this.#turns.push(ask.device)
    }
    return ask
  }

  #askFor(device: PolledDevice<Block>, block: PolledBlock<Block>, probe: boolean): Ask<Block> {
    const within = probe ? this.#lane.deadline(device.roundTrips, device.missesOf(block)) : this.#timeoutMs
    return { device, block, probe, within }
  }

  /**
   * Then probes are in nobody's way, so they wait for no time of the line, and take none: after a night without power, the
   * first device that is back must not find the time for all others spent.
   */
  get #nobodyAnswers(): boolean {
    return this.#devices.every((device) => device.doubted)
  }

  #probesFrom(now: Milliseconds): Milliseconds {
    const free = this.#lane.freeAt(now)
    return this.#nobodyAnswers ? now : free
  }
}
