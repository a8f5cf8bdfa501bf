import { Backoff } from '../core/backoff.ts'
import { type Milliseconds, pause } from '../core/clock.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { SourceState } from '../core/health.ts'
import type { DeviceBase, ModbusSourceConfig, S7SourceConfig } from '../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../core/tag-index.ts'
import type { FieldDriver, FieldSession, ReadBlock } from './driver.ts'
import { PolledDevice, type PollPlan } from './polled-device.ts'
import { Polling } from './polling.ts'
import type { Source, SourceContext } from './source.ts'

export type PolledSourceConfig = ModbusSourceConfig | S7SourceConfig

export interface PolledSourceOptions<Block extends ReadBlock, Device extends DeviceBase> {
  readonly config: PolledSourceConfig
  readonly devices: readonly DeviceTags<Device>[]
  readonly driver: FieldDriver<Block, Device>
  /** How often the tag is read. */
  readonly pollMsOf: (device: Device, tag: IndexedTag) => Milliseconds
  readonly context: SourceContext
}

const RECONNECT = { first: 500, most: 30_000 }
/** A connection that carried answers this long starts the waits small again. */
const HEALTHY_AFTER: Milliseconds = 30_000
/** Credentials do not get better by asking often. */
const REFUSED_RETRY: Milliseconds = 60_000
/** Nobody on this connection answers and it is this old: the next probe goes over a new one. */
const RENEW_AFTER: Milliseconds = 30_000
const LONGEST_IDLE: Milliseconds = 60_000
/** A tag is stale after three missed polls, but never sooner than this. */
const LEAST_STALE_AFTER: Milliseconds = 5_000

interface Run {
  readonly abort: AbortController
  readonly done: Promise<void>
}

/**
 * Polls the devices behind one connection, one request under way at a time, devices taking turns. It owns what all
 * polled protocols share: the connection with its backoff, the poll grid, one breaker a device, and what a failure
 * does to the tags. It counts connects, connectFailures, timeouts and skippedCycles; the driver counts the rest.
 */
export class PolledSource<Block extends ReadBlock, Device extends DeviceBase> implements Source {
  readonly #options: PolledSourceOptions<Block, Device>
  readonly #endpoint: string
  #devices: readonly PolledDevice<Block>[] = []
  /** Whose turn it is. */
  #turn = 0
  #said: string | undefined
  #run: Run | undefined

  constructor(options: PolledSourceOptions<Block, Device>) {
    this.#options = options
    this.#endpoint = `${options.config.host}:${options.config.port}`
  }

  start(): void {
    if (this.#run) return
    const { config, context } = this.#options
    this.#said = undefined
    if (config.disabled) {
      this.#say('stopped', 'Disabled in the configuration.')
      for (const device of config.devices) context.report.device(device.key, 'disabled')
      return
    }
    this.#say('starting', '')
    this.#devices = this.#planDevices()
    const abort = new AbortController()
    this.#run = { abort, done: this.#live(abort.signal) }
  }

  async stop(): Promise<void> {
    const run = this.#run
    if (!run) return
    run.abort.abort()
    await run.done
    if (this.#run !== run) return
    this.#run = undefined
    this.#say('stopped', '')
  }

  #planDevices(): PolledDevice<Block>[] {
    const { devices, context } = this.#options
    const planned: PolledDevice<Block>[] = []
    for (const { device, tags } of devices) {
      if (device.disabled) {
        context.report.device(device.key, 'disabled')
        continue
      }
      const plans = this.#plansOf({ device, tags })
      const polled = new PolledDevice<Block>(device, plans, context.random)
      if (polled.polled) planned.push(polled)
      context.report.device(device.key, 'unknown', polled.polled ? '' : 'No enabled tag, so nothing is read.')
    }
    return planned
  }

  #plansOf(device: DeviceTags<Device>): PollPlan<Block>[] {
    const { driver, pollMsOf, context } = this.#options
    const byPeriod = new Map<Milliseconds, IndexedTag[]>()
    for (const tag of device.tags) {
      if (tag.disabled) continue
      const period = pollMsOf(device.device, tag)
      const group = byPeriod.get(period)
      if (group) group.push(tag)
      else byPeriod.set(period, [tag])
    }
    return [...byPeriod].map(([period, tags]) => {
      const indexes = tags.map((tag) => tag.index)
      context.sink.expectEvery(indexes, Math.max(3 * period, LEAST_STALE_AFTER))
      return { period, tags, blocks: driver.plan(device, tags) }
    })
  }

  /** Connects, polls until the connection is gone, and again, until stopped. */
  async #live(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options.context
    const backoff = new Backoff(RECONNECT, random)
    while (!signal.aborted) {
      const session = await this.#connect(signal, backoff)
      if (!session) continue
      const poll = new Polling(session, signal)
      const end = await this.#poll(poll)
      poll.leave()
      await session.close()
      if (signal.aborted || end === 'renew') continue
      if (poll.provedFor >= HEALTHY_AFTER) backoff.reset()
      const wait = backoff.next()
      this.#disconnected('backoff', end, wait)
      await pause(clock, wait, signal)
    }
  }

  /** One attempt; after a failure it has waited already. */
  async #connect(signal: AbortSignal, backoff: Backoff): Promise<FieldSession<Block> | undefined> {
    const { driver, context } = this.#options
    try {
      const session = await driver.connect(signal)
      context.report.count('connects')
      if (!signal.aborted) return session
      await session.close()
      return undefined
    } catch (error) {
      if (signal.aborted) return undefined
      context.report.count('connectFailures')
      const refused = error instanceof PenstockError && error.code === 'ACCESS_DENIED'
      const wait = refused ? REFUSED_RETRY : backoff.next()
      this.#disconnected(refused ? 'refused' : 'backoff', error, wait)
      await pause(context.clock, wait, signal)
      return undefined
    }
  }

  /** Reads whatever is due until the connection ends (its cause), should be made anew, or the source is stopped. */
  async #poll(poll: Polling<Block>): Promise<PenstockError | 'renew'> {
    const { clock } = this.#options.context
    const connectedAt = clock.monotonic()
    for (const device of this.#devices) device.reconnected(connectedAt)
    this.#connected()
    if (this.#devices.length === 0) poll.provedFor = HEALTHY_AFTER
    for (;;) {
      if (poll.cause) return poll.cause
      const now = clock.monotonic()
      this.#takeDue(now)
      const device = this.#nextDevice(now)
      if (!device) {
        const wakeAt = Math.min(...this.#devices.map((other) => other.wakeAt), now + LONGEST_IDLE)
        await pause(clock, Math.max(0, wakeAt - now), poll.over)
        continue
      }
      if (now - connectedAt >= RENEW_AFTER && this.#devices.every((other) => other.breaker.open)) return 'renew'
      if (await this.#read(poll, device, now)) poll.provedFor = clock.monotonic() - connectedAt
    }
  }

  #takeDue(now: Milliseconds): void {
    let skipped = 0
    for (const device of this.#devices) skipped += device.takeDue(now)
    if (skipped > 0) this.#options.context.report.count('skippedCycles', skipped)
  }

  #nextDevice(now: Milliseconds): PolledDevice<Block> | undefined {
    for (let step = 0; step < this.#devices.length; step++) {
      const position = (this.#turn + step) % this.#devices.length
      const device = this.#devices[position]
      if (device?.next(now) === undefined) continue
      this.#turn = position + 1
      return device
    }
    return undefined
  }

  /** Whether the device answered. */
  async #read(poll: Polling<Block>, device: PolledDevice<Block>, now: Milliseconds): Promise<boolean> {
    const { clock, sink } = this.#options.context
    const block = device.next(now)
    if (block === undefined) return false
    const failure = await poll.session.read(block, sink).then(() => undefined, asPenstockError)
    if (failure?.code === 'CONNECTION_LOST') poll.cause ??= failure
    if (poll.cause) return false
    const after = clock.monotonic()
    this.#takeDue(after)
    if (failure) this.#deviceFailed(device, failure, after)
    else this.#deviceAnswered(device, after)
    return failure === undefined
  }

  #deviceAnswered(device: PolledDevice<Block>, now: Milliseconds): void {
    const { report, log } = this.#options.context
    const wasOpen = device.breaker.open
    device.answered(now)
    if (device.state === 'online') return
    device.state = 'online'
    report.device(device.config.key, 'online')
    log.info({ device: device.config.key }, `Device "${device.config.name}" answers`)
    if (wasOpen) this.#connected()
  }

  #deviceFailed(device: PolledDevice<Block>, failure: PenstockError, now: Milliseconds): void {
    const { sink, report, log } = this.#options.context
    if (failure.code === 'TIMEOUT') report.count('timeouts')
    if (!device.lost) sink.lost(device.tags)
    device.lost = true
    const wasOpen = device.breaker.open
    device.failed(now)
    if (wasOpen || !device.breaker.open) return
    device.state = 'offline'
    device.reason = describeError(failure)
    report.device(device.config.key, 'offline', device.reason)
    log.warn(
      { device: device.config.key, cause: device.reason },
      `Device "${device.config.name}" does not answer; it is probed now and then until it does`,
    )
    this.#connected()
  }

  /** Says how the source is while its connection stands. */
  #connected(): void {
    const silent = this.#devices.filter((device) => device.breaker.open)
    const [first] = silent
    if (!first) {
      if (this.#say('connected', '')) this.#options.context.log.info({ endpoint: this.#endpoint }, 'Connected')
      return
    }
    const others = silent.length > 1 ? `, and ${silent.length - 1} more` : ''
    this.#say(
      'degraded',
      `Connected to ${this.#endpoint}, but ${silent.length} of ${this.#devices.length} devices do not answer: ` +
        `"${first.config.name}" (${first.reason})${others}. Check their power, line and address.`,
    )
  }

  /** Nothing comes any more from any device. */
  #disconnected(state: 'backoff' | 'refused', error: unknown, wait: Milliseconds): void {
    const { sink, report, log } = this.#options.context
    const reason = describeError(error)
    if (this.#say(state, `${reason}. It is tried again by itself.`)) {
      log.warn({ endpoint: this.#endpoint, cause: reason, nextAttemptMs: Math.round(wait) }, 'No connection')
    }
    sink.lost(this.#devices.filter((device) => !device.lost).flatMap((device) => device.tags))
    for (const device of this.#devices) {
      device.lost = true
      if (device.state === 'offline') continue
      device.state = 'offline'
      device.reason = `No connection to ${this.#endpoint}`
      report.device(device.config.key, 'offline', device.reason)
    }
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

const asPenstockError = (error: unknown): PenstockError =>
  error instanceof PenstockError
    ? error
    : new PenstockError('PROTOCOL_VIOLATION', 'The answer could not be understood', { cause: error })
