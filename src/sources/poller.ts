import { Backoff } from '../core/backoff.ts'
import { type Milliseconds, pause } from '../core/clock.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { PollingHealth } from '../core/health.ts'
import {
  type DeviceBase,
  fieldEndpointOf,
  type ModbusDeviceConfig,
  type ModbusSourceConfig,
  type S7DeviceConfig,
  type S7SourceConfig,
} from '../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../core/tag-index.ts'
import { CycleTraces } from './cycle-traces.ts'
import type { FieldDriver, FieldSession, ReadBlock, ReadOutcome } from './driver.ts'
import type { FieldDiagnostics } from './field-diagnostics.ts'
import { FieldOutlet } from './field-outlet.ts'
import { GatedSink } from './gated-sink.ts'
import { AdHocLane, disabled, type LineLane } from './line-lane.ts'
import { LineReport } from './line-report.ts'
import { type Reading, readingOf, requestFor } from './one-reading.ts'
import { asPenstockError, noConnection } from './poll-failure.ts'
import { type PollPlan, staleAfter } from './poll-group.ts'
import { type Ask, PollLine } from './poll-line.ts'
import { PolledDevice } from './polled-device.ts'
import { Polling } from './polling.ts'
import type {
  CommandOutlet,
  LineDevice,
  LineDiagnostics,
  LiveSource,
  Source,
  SourceContext,
  TracedFrames,
} from './source.ts'

export type PolledSourceConfig = ModbusSourceConfig | S7SourceConfig

export type PolledDeviceConfig = DeviceBase & Pick<ModbusDeviceConfig | S7DeviceConfig, 'adaptive'>

export interface PolledSourceOptions<Block extends ReadBlock, Device extends PolledDeviceConfig> {
  readonly config: PolledSourceConfig
  readonly devices: readonly DeviceTags<Device>[]
  readonly driver: FieldDriver<Block, Device>
  /** How often the tag is read. */
  readonly pollMsOf: (device: Device, tag: IndexedTag) => Milliseconds
  readonly context: SourceContext
  /** What the driver notes of its requests and frames. */
  readonly diagnostics?: FieldDiagnostics
}

const RECONNECT = { first: 500, most: 30_000 }
/** A connection that carried answers this long starts the waits small again. */
const HEALTHY_AFTER: Milliseconds = 30_000
/** Credentials do not get better by asking often. */
const REFUSED_RETRY: Milliseconds = 60_000
/** Nobody on this connection answers and it is this old: the next probe goes over a new one. */
const RENEW_AFTER: Milliseconds = 30_000
/** How often the load of the line is judged. */
const JUDGE_EVERY: Milliseconds = 10_000
const LONGEST_IDLE: Milliseconds = 60_000

interface Run {
  readonly abort: AbortController
  readonly done: Promise<void>
}

/**
 * Polls the devices behind one connection, one request under way at a time unless its session bears more, and follows
 * changes of them while it does. It owns what all polled protocols share: the connection with its backoff, the line with its grid, breakers and
 * probes and writes, and what a miss does to the tags. It counts connects, connectFailures, timeouts and skippedCycles; the driver
 * counts the rest.
 */
export class PolledSource<Block extends ReadBlock, Device extends PolledDeviceConfig> implements Source {
  readonly live: LiveSource<PolledSourceConfig>
  readonly lane: LineLane
  readonly outlet: CommandOutlet
  readonly diagnose?: () => LineDiagnostics
  readonly trace?: (after: number) => TracedFrames
  readonly #options: PolledSourceOptions<Block, Device>
  readonly #endpoint: string
  readonly #traces: CycleTraces
  #devices: readonly DeviceTags<Device>[]
  #line: PollLine<Block>
  #tell: LineReport<Block>
  readonly #adHoc = new AdHocLane()
  readonly #writes = new AdHocLane()
  #run: Run | undefined
  /** While connected. */
  #polling: Polling<Block> | undefined
  /** The last attempt to connect failed, or what it made is gone. */
  #unreachable = false

  constructor(options: PolledSourceOptions<Block, Device>) {
    const { config, devices, context, diagnostics } = options
    this.#options = options
    this.#endpoint = fieldEndpointOf(config)
    this.#traces = new CycleTraces(config, context.tracing)
    this.#devices = devices
    this.#line = new PollLine(config)
    this.#tell = new LineReport(this.#endpoint, context, this.#line)
    this.live = {
      withdraw: (deviceKeys) => {
        this.#line.remove(deviceKeys)
        this.#failJobs(new PenstockError('STOPPED', 'The device was changed meanwhile'), deviceKeys)
      },
      // The supervisor gives a source devices of its own kind only.
      follow: (_config, now) => this.#follow(now as unknown as readonly DeviceTags<Device>[]),
    }
    this.lane = {
      run: (deviceKey, job) => this.#between(this.#adHoc, deviceKey, job),
      // The engine reads devices of this source only.
      read: (wanted) => this.#readOnce(wanted as DeviceTags<Device>),
      identify: async (device) => {
        if (!this.#polling) throw this.#unconnected()
        return this.#polling.session.identify(device, (asked) => this.#between(this.#adHoc, device.key, asked))
      },
    }
    this.outlet = new FieldOutlet({
      clock: context.clock,
      device: (key) => this.#devices.find(({ device }) => device.key === key),
      // The outlet writes to devices of this source only.
      planWrite: (device, tag, value) => options.driver.planWrite(device as Device, tag, value),
      requestFor: (tag) => requestFor(options.driver, { device: tag.device as unknown as Device, tags: [tag] }),
      connecting: () => this.#run !== undefined && !this.#polling && !this.#unreachable,
      trouble: (key) => this.#troubleOf(key),
      sinkOf: (key) => this.#line.devices.find(({ config: of }) => of.key === key)?.sink,
      run: (key, job) =>
        this.#run?.abort.signal.aborted === false
          ? this.#between(this.#writes, key, job)
          : Promise.reject(new PenstockError('STOPPED', 'The source was stopped')),
      wrote: (key, state) => diagnostics?.figures.wrote(key, state),
      ...(context.tracing ? { tracing: context.tracing } : {}),
    })
    if (!diagnostics) return
    this.diagnose = () => this.#diagnosis(diagnostics)
    this.trace = (after) => diagnostics.frames.since(after)
  }

  polling(): PollingHealth | undefined {
    return this.#run && this.#line.health(this.#options.context.clock)
  }

  start(): void {
    if (this.#run) return
    const { config, context } = this.#options
    this.#line = new PollLine(config)
    this.#tell = new LineReport(this.#endpoint, context, this.#line)
    if (config.disabled) {
      this.#tell.say('stopped', 'Disabled in the configuration.')
      for (const { device } of this.#devices) context.report.device(device.key, 'disabled')
      return
    }
    this.#tell.say('starting', '')
    this.#unreachable = false
    this.#line.add(this.#planned(this.#devices))
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
    this.#tell.say('stopped', '')
  }

  #between<T>(lane: AdHocLane, deviceKey: string, job: (session: FieldSession<ReadBlock>) => Promise<T>): Promise<T> {
    if (!this.#devices.some(({ device }) => device.key === deviceKey && !device.disabled))
      return Promise.reject(disabled(deviceKey))
    if (!this.#polling || this.#polling.cause) return Promise.reject(this.#unconnected())
    const done = lane.add(deviceKey, job)
    this.#polling.wake()
    return done
  }

  #readOnce(wanted: DeviceTags<Device>): Promise<Reading> {
    const { driver, context } = this.#options
    const block = requestFor(driver, wanted)
    return this.#between(this.#adHoc, wanted.device.key, (session) => readingOf(session, block, context.clock))
  }

  #diagnosis({ figures }: FieldDiagnostics): LineDiagnostics {
    figures.keepOnly(new Set(this.#devices.map(({ device }) => device.key)))
    const devices = this.#line.devices.map((device): [string, LineDevice] => {
      const { standing, config } = device
      return [config.key, { ...figures.device(config.key), ...standing }]
    })
    return { countedSince: figures.since, line: figures.line(), devices: new Map(devices) }
  }

  /** The devices that are not on the line yet join it; the connection stands. */
  #follow(devices: readonly DeviceTags<Device>[]): void {
    this.#devices = devices
    if (!this.#run) return
    const known = new Set(this.#line.devices.map(({ config }) => config.key))
    const joining = this.#planned(devices.filter(({ device }) => !known.has(device.key)))
    this.#line.add(joining)
    if (this.#unreachable) {
      for (const device of joining) {
        device.sink.lost(device.tags)
        this.#tell.unconnected(device)
      }
    }
    if (!this.#polling) return
    const now = this.#options.context.clock.monotonic()
    for (const device of joining) device.reconnected(now)
    this.#tell.connected()
    this.#polling.wake()
  }

  #planned(devices: readonly DeviceTags<Device>[]): PolledDevice<Block>[] {
    const { sink, random, report } = this.#options.context
    const planned: PolledDevice<Block>[] = []
    for (const each of devices) {
      const { device: config } = each
      if (config.disabled) {
        report.device(config.key, 'disabled')
        continue
      }
      const device = new PolledDevice<Block>({
        config,
        plans: this.#plansOf(each),
        sink: new GatedSink(sink, config.adaptive ? 'changes' : 'nothing'),
        random,
        trace: (period) => this.#traces.begin(config.key, period),
      })
      if (device.polled) planned.push(device)
      report.device(config.key, 'unknown', device.polled ? '' : 'No enabled tag, so nothing is read.')
    }
    return planned
  }

  #plansOf(device: DeviceTags<Device>): PollPlan<Block>[] {
    const { driver, pollMsOf, context } = this.#options
    const slowest = device.device.adaptive?.slowestMs
    const enabled = device.tags.filter((tag) => !tag.disabled)
    const groups = [...Map.groupBy(enabled, (tag) => pollMsOf(device.device, tag))]
      .map(([period, tags]) => ({ period, tags }))
      .sort((a, b) => a.period - b.period)
    const blocks = driver.plan(device, groups)
    return groups.map(({ period, tags }, position) => {
      const indexes = tags.map((tag) => tag.index)
      context.sink.expectEvery(indexes, staleAfter(period))
      return { period, tags, blocks: blocks[position] ?? [], slowest }
    })
  }

  /** Connects, polls until the connection is gone, and again, until stopped. */
  async #live(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options.context
    const backoff = new Backoff(RECONNECT, random)
    while (!signal.aborted) {
      const session = await this.#connect(signal, backoff)
      if (!session) continue
      const poll = new Polling(session, signal, clock.monotonic())
      this.#polling = poll
      const end = await this.#poll(poll)
      this.#polling = undefined
      this.#failJobs(end === 'renew' ? this.#unconnected() : end)
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
      const session = await context.connects.run(signal, () => driver.connect(signal))
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
    const { connectedAt } = poll
    this.#unreachable = false
    this.#line.reconnected(connectedAt)
    this.#tell.connected()
    if (this.#line.devices.length === 0) poll.provedFor = HEALTHY_AFTER
    let judgeAt = connectedAt + JUDGE_EVERY
    for (;;) {
      // One write and one other job between two polls, so that none keeps the others from the line.
      if (this.#writes.waiting || this.#adHoc.waiting || poll.cause) await poll.settled()
      if (this.#writes.waiting && !poll.cause) await this.#writes.serve(poll.session)
      if (this.#adHoc.waiting && !poll.cause) await this.#adHoc.serve(poll.session)
      if (poll.cause) return poll.cause
      const now = clock.monotonic()
      this.#takeDue(now)
      if (now >= judgeAt) {
        judgeAt = now + JUDGE_EVERY
        this.#tell.load(this.#line.load)
      }
      const ask = poll.full ? undefined : this.#line.next(now)
      if (!ask) {
        if (this.#adHoc.waiting || this.#writes.waiting) continue
        // What is under way wakes it, at its deadline at the latest.
        const until = poll.full ? Number.POSITIVE_INFINITY : this.#line.wakeAt(now)
        await poll.rest(clock, Math.max(0, Math.min(until - now, LONGEST_IDLE)))
        continue
      }
      if (now - connectedAt >= RENEW_AFTER && this.#line.silent) {
        await poll.settled()
        return poll.cause ?? 'renew'
      }
      if (poll.alone) await this.#read(poll, ask, now)
      else {
        this.#line.sent(ask)
        poll.begin(this.#read(poll, ask, now))
      }
    }
  }

  #failJobs(cause: PenstockError, deviceKeys?: ReadonlySet<string>): void {
    this.#writes.fail(cause, deviceKeys)
    this.#adHoc.fail(cause, deviceKeys)
  }

  /** Why nothing can be written to the device now; one that does not answer polls is not written to. */
  #troubleOf(deviceKey: string): string | undefined {
    if (!this.#polling || this.#polling.cause) return noConnection(this.#endpoint)
    const device = this.#line.devices.find(({ config }) => config.key === deviceKey)
    if (!device) return 'no tag of the device is read, so nobody knows whether it is there'
    return device.breaker.open ? `the device does not answer (${device.reason})` : undefined
  }

  #unconnected(): PenstockError {
    return new PenstockError('CONNECTION_LOST', noConnection(this.#endpoint))
  }

  #takeDue(now: Milliseconds): void {
    const skipped = this.#line.takeDue(now)
    if (skipped > 0) this.#options.context.report.count('skippedCycles', skipped)
  }

  /** Asks, and tells the line and the tags what came of it; does not reject. */
  async #read(poll: Polling<Block>, ask: Ask<Block>, now: Milliseconds): Promise<void> {
    const { device, block, within } = ask
    const wasRefused = block.state === 'refused'
    let outcome: ReadOutcome<Block> | PenstockError
    try {
      const asking = () => poll.session.read(block.block, device.sink, within)
      outcome = await this.#traces.request(device.cycleOf(block), block.block, asking)
    } catch (error) {
      outcome = asPenstockError(error)
    }
    const missed = outcome instanceof PenstockError
    if (outcome instanceof PenstockError && outcome.code === 'CONNECTION_LOST') poll.cause ??= outcome
    if (poll.cause) return
    const after = this.#options.context.clock.monotonic()
    if (!missed) poll.proved(after)
    // What a device that was withdrawn meanwhile has said concerns nobody.
    if (device.sink.closed) return
    this.#takeDue(after)
    this.#tell.asked(device, block, outcome)
    if (outcome instanceof PenstockError) this.#missed(ask, outcome, after - now, after)
    else {
      this.#line.answered(ask, outcome, after - now, after)
      if (outcome.kind === 'refused' && !wasRefused) this.#tell.refused(device, block, outcome.cause)
    }
    this.#tell.device(device, !missed)
  }

  #missed(ask: Ask<Block>, failure: PenstockError, took: Milliseconds, now: Milliseconds): void {
    const { device, block } = ask
    if (failure.code === 'TIMEOUT') this.#options.context.report.count('timeouts')
    const wasOpen = device.breaker.open
    this.#line.missed(ask, took, now)
    const { open } = device.breaker
    if (open && !wasOpen) device.reason = describeError(failure)
    device.sink.lost(open ? device.tags : block.ownTags.map(({ index }) => index))
  }

  #disconnected(state: 'backoff' | 'refused', error: unknown, wait: Milliseconds): void {
    this.#unreachable = true
    this.#options.context.sink.lost(this.#line.devices.flatMap((device) => device.tags))
    this.#tell.disconnected(state, error, wait)
  }
}
