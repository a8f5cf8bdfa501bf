import type { Clock } from '../core/clock.ts'
import type { CommandOutlet, CommandReport } from '../core/command-outlet.ts'
import type { DeviceMemory } from '../core/device-memory.ts'
import type { DeviceDiagnostics, FrameTrace, SourceDiagnostics } from '../core/diagnostics.ts'
import type { Findings } from '../core/drift.ts'
import type { DeviceHealth, DeviceState, PollingHealth, SourceCounter, SourceState } from '../core/health.ts'
import type { Logger } from '../core/logger.ts'
import type { Once } from '../core/once.ts'
import type { SourceConfig, SourceKind } from '../core/plant.ts'
import type { Problem } from '../core/problem.ts'
import type { SampleSink } from '../core/sample.ts'
import type { DeviceTags } from '../core/tag-index.ts'
import type { TagValues } from '../core/tag-values.ts'
import type { DeviceTemplate } from '../core/template.ts'
import type { TraceParent, Tracing } from '../core/tracing.ts'
import type { ConnectLimiter } from './connect-limiter.ts'
import type { LineLane } from './line-lane.ts'

export type { CommandOutlet, CommandReport, Delivery, OutgoingCommand, SentCommand } from '../core/command-outlet.ts'

/**
 * What a protocol brings to the gateway. The life of a source:
 * `validate` (pure: no network, no file) → `create` (remembers) → `start` (may be repeated)
 * → `stop` (safe at any time, also after a failed start).
 */
export interface SourceType<Config extends SourceConfig = SourceConfig> {
  readonly kind: SourceKind
  /**
   * Everything wrong with the protocol's own notations, paths relative to the source: `devices[0].tags[1].address`. With
   * `once`, devices that were looked at before are not looked at again.
   */
  validate(config: Config, once?: Once): Problem[]
  /** Loads the protocol's library, only now that it is needed, and makes the source; it does nothing yet. */
  create(
    config: Config,
    devices: readonly DeviceTags<Config['devices'][number]>[],
    context: SourceContext,
  ): Promise<Source>
}

/** For a source that finds devices by itself: what the configuration says, and where to say what was found. */
export interface DeviceOffers<Config extends SourceConfig = SourceConfig> {
  /** The source as it is configured now, without what it has found; undefined: it has left, and is about to be stopped. */
  configured(): Config | undefined
  templates(): readonly DeviceTemplate[]
  /** Keys of the devices of all other sources. */
  takenKeys(): ReadonlySet<string>
  /** These are to be served beside the configured ones, in place of what was said before; one that stays is the same object. */
  serve(devices: readonly Config['devices'][number][]): void
  /** What an operator should know of it. */
  findings(found: Omit<Findings, 'source'>): void
}

export interface Source {
  /** Begins to connect and returns at once; a source reconnects by itself, with backoff, until it is stopped. */
  start(): void
  /** Ends every connection and timer and settles every pending operation; afterwards `start` may come again. */
  stop(): Promise<void>
  /**
   * A source that can follow a change of its devices while it runs has this; any other is stopped before the plant
   * changes and made anew afterwards.
   */
  readonly live?: LiveSource<SourceConfig>
  /** How its polling goes, if it polls and runs. */
  polling?(): PollingHealth | undefined
  /** Requests between its polls, if it polls. */
  readonly lane?: LineLane
  /** Takes commands to its devices, if it can. */
  readonly outlet?: CommandOutlet
  /** The configuration of what it finds by itself may be another now. */
  reconsider?(): void
  /** How its requests fare, for sources that send any. */
  readonly diagnose?: () => LineDiagnostics
  /** The end of what went over its connection, after the entry of number `after`. */
  readonly trace?: (after: number) => TracedFrames
}

export type TracedFrames = Pick<FrameTrace, 'frames' | 'missed'>
/** A device as its line sees it; its state is the source's health. */
export type LineDevice = Omit<DeviceDiagnostics, keyof DeviceHealth>

/** What a source knows of its requests beside its health. */
export interface LineDiagnostics extends Required<Pick<SourceDiagnostics, 'countedSince' | 'line'>> {
  readonly devices: ReadonlyMap<string, LineDevice>
}

/** The two halves of a change of devices: from the first on nothing is said of them, from the second on all is new. */
export interface LiveSource<Config extends SourceConfig> {
  /** These devices change or go. */
  withdraw(deviceKeys: ReadonlySet<string>): void
  /** The source's devices are these now; its own settings are the same. */
  follow(config: Config, devices: readonly DeviceTags<Config['devices'][number]>[]): void
}

export interface SourceContext {
  readonly clock: Clock
  readonly log: Logger
  readonly sink: SampleSink
  readonly memory: DeviceMemory
  /** The value of the environment variable `name`, or the content of the file that `name_FILE` names. */
  readonly secret: (name: string) => string | undefined
  /** Uniform in [0, 1); injected so that jitter is repeatable in tests. */
  readonly random: () => number
  readonly report: SourceReport
  /** One for the whole gateway. */
  readonly connects: ConnectLimiter
  readonly offers: DeviceOffers
  /** Of the whole plant. */
  readonly values: TagValues
  readonly commands: CommandReport
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  /** What was just told of values was told within this span: it goes along to whoever shows them. */
  readonly told?: ((trace: TraceParent) => void) | undefined
}

/** Where a source says how it is. */
export interface SourceReport {
  /** `reason` in words for the operator: what was seen and what to do; empty when all is well. */
  state(state: SourceState, reason?: string): void
  device(deviceKey: string, state: DeviceState, reason?: string): void
  count(counter: SourceCounter, by?: number): void
  /** How many uplinks of the device are missing in all; the source's counter is the sum of its devices. */
  lostUplinks(deviceKey: string, uplinks: number): void
}
