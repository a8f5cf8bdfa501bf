import type { MessagePort } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { Commands } from '../commands/commands.ts'
import type { AuditRow } from '../core/audit.ts'
import type { CalibrationReport, WantedCalibration } from '../core/calibration.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor, CommandSettings } from '../core/command.ts'
import { memoriesOf } from '../core/device-memory.ts'
import type {
  FrameTrace,
  IdentityAnswer,
  ReadAnswer,
  ReadProblem,
  SourceDiagnostics,
  WantedIdentity,
  WantedReading,
} from '../core/diagnostics.ts'
import type { Findings } from '../core/drift.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { Pipeline } from '../core/pipeline.ts'
import type { Plant } from '../core/plant.ts'
import { changeBetween, changedPlant, inSteps, isNoChange, type PlantChange } from '../core/plant-change.ts'
import { TagIndexing } from '../core/tag-index.ts'
import type { DeviceTemplate } from '../core/template.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import type { EngineHealth, FromEngine, StoreHealth, ToEngine } from '../link/contract.ts'
import { Link } from '../link/link.ts'
import { SourceSupervisor, type SourceTypes } from '../sources/supervisor.ts'
import { AuditLog } from '../store/audit.ts'
import { AuditRetention, type AuditSettings } from '../store/audit-retention.ts'
import { CommandStore } from '../store/command-store.ts'
import type { HistorySettings } from '../store/history-retention.ts'
import { AdHocReads } from './ad-hoc-reads.ts'
import { Calibrations } from './calibrations.ts'
import { cronSchedule } from './cron-schedule.ts'
import { type ConfiguredDevices, FoundDevices } from './found-devices.ts'
import type { HistoryEdits } from './history-edits.ts'
import { keptValues } from './kept-values.ts'
import { PlantValues } from './plant-values.ts'
import type { PostgresSink } from './postgres-sink.ts'
import { recordAudit } from './record-audit.ts'
import { Subscribers } from './subscribers.ts'

/** How much of a change of the plant a room has to take at once: a few milliseconds of its thread. */
const TAGS_A_STEP = 250
const HEALTH_EVERY: Milliseconds = 250
/** Counters move without a change of state; they are told this often. */
const COUNTERS_EVERY: Milliseconds = 5_000

export interface EngineParts {
  readonly plant: Plant
  readonly templates: readonly DeviceTemplate[]
  readonly types: SourceTypes
  readonly database: Database.Database
  readonly history: HistorySettings
  readonly sink?: PostgresSink | undefined
  /** `penstock.db`. */
  readonly penstock: Database.Database
  readonly commands: CommandSettings
  readonly audit: AuditSettings
  readonly clock: Clock
  readonly log: Logger
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing
  readonly secret: (name: string) => string | undefined
  readonly random: () => number
  /** Sources do not begin before `releaseSources`. */
  readonly safeMode?: boolean
  /** A change of the plant failed half-way, or the history is damaged: the engine has to begin anew. */
  readonly onFatal: (error: unknown) => void
}

/** The only owner of values: sources → pipeline → store and subscribers. */
export class Engine {
  readonly #parts: EngineParts
  readonly #indexing: TagIndexing
  readonly #pipeline: Pipeline
  readonly #values: PlantValues
  readonly #sources: SourceSupervisor
  readonly #adHoc: AdHocReads
  readonly #calibrations: Calibrations
  readonly #found: FoundDevices
  readonly #kept: ReturnType<typeof keptValues>
  readonly #audit: AuditLog
  readonly #auditRetention: AuditRetention
  readonly #commands: Commands
  readonly #subscribers: Subscribers
  readonly #startedAt: number
  #timers: (() => void)[] = []
  #plant: Plant
  /** Counts the steps by which the plant has changed. */
  #revision = 0
  #changing: Promise<void> = Promise.resolve()
  #healthChanged = true

  constructor(parts: EngineParts) {
    this.#parts = parts
    const { plant, templates, clock, log, database, tracing = noTracing } = parts
    const outbox = parts.sink?.outbox
    this.#startedAt = clock.now()
    this.#plant = plant
    this.#found = new FoundDevices({ plant, templates }, () => void this.#followFound())
    this.#indexing = new TagIndexing(plant)
    this.#pipeline = new Pipeline(this.#indexing.present, clock)
    this.#values = new PlantValues(this.#pipeline, this.#indexing)
    this.#subscribers = new Subscribers({ pipeline: this.#pipeline, clock, log })
    this.#audit = new AuditLog(parts.penstock)
    const memories = () => this.#plant.sources.flatMap(memoriesOf)
    const own = { pipeline: this.#pipeline, audit: this.#audit, settings: parts.history, onFatal: parts.onFatal }
    this.#kept = keptValues({ ...own, database, outbox, memories, clock, log, tracing })
    this.#sources = new SourceSupervisor({
      types: parts.types,
      indexing: this.#indexing,
      sink: this.#pipeline,
      memory: this.#kept.history,
      values: this.#values,
      commands: { news: (id, news) => this.#commands.news(id, news) },
      clock,
      log,
      tracing,
      onTold: (trace) => this.#subscribers.carry(trace),
      secret: parts.secret,
      random: parts.random,
      offersOf: (key) => this.#found.offersOf(key),
      onHealthChange: () => {
        this.#healthChanged = true
      },
      onBegun: (key) => this.#commands.sourceBegan(key),
    })
    this.#auditRetention = new AuditRetention({
      ...parts.audit,
      schedule: cronSchedule(parts.audit.schedule),
      database: parts.penstock,
      audit: this.#audit,
      clock,
      log,
    })
    this.#commands = new Commands({
      journal: new CommandStore(parts.penstock, this.#audit),
      plant: () => this.#plant,
      values: this.#values,
      outlets: { of: (key) => this.#sources.outletOf(key) },
      settings: parts.commands,
      clock,
      log,
      tracing,
      onNews: (changed) => this.#subscribers.tellCommands(changed),
    })
    this.#adHoc = new AdHocReads({
      plant: () => this.#plant,
      types: parts.types,
      sources: this.#sources,
      clock: parts.clock,
    })
    this.#calibrations = new Calibrations({
      plant: () => this.#plant,
      sources: this.#sources,
      audit: (entry) => recordAudit(this.#audit, [entry], log),
      secret: parts.secret,
      clock,
      random: parts.random,
      log,
    })
  }

  /** Resolves when every source has begun. */
  async start(): Promise<void> {
    this.#kept.series.add(this.#indexing.present)
    const restored = this.#kept.lastValues.restore(this.#indexing.present)
    this.#parts.log.info({ tags: this.#pipeline.table.size, restored }, 'engine starts with the last known values')
    this.#pipeline.recordTo(this.#kept.history, this.#kept.windows)
    this.#kept.windows.start(this.#indexing.present)
    this.#kept.history.start()
    this.#parts.sink?.start(this.#indexing.present)
    this.#kept.retention.start()
    this.#auditRetention.start()
    this.#kept.compaction.start()
    this.#kept.lastValues.start()
    this.#pipeline.start()
    const { clock } = this.#parts
    this.#timers = [
      clock.every(HEALTH_EVERY, () => this.#tellHealth()),
      clock.every(COUNTERS_EVERY, () => {
        this.#healthChanged = true
      }),
    ]
    this.#changing = this.#sources.start(this.#plant, this.#parts.safeMode)
    await this.#changing
    this.#commands.begin()
  }

  /** Ends the safe mode; resolves when every source has begun. */
  releaseSources(): Promise<void> {
    this.#changing = this.#changing.then(() => this.#sources.release(this.#plant))
    return this.#changing
  }

  /** Sources first, so that nothing new comes; then what came is written; then the readers are left. */
  async stop(): Promise<void> {
    this.#commands.hold()
    await this.#sources.stop()
    await this.#commands.stop()
    this.#pipeline.stop()
    await this.#kept.windows.stop()
    this.#subscribers.flush()
    await this.#kept.retention.stop()
    await this.#auditRetention.stop()
    await this.#kept.compaction.stop()
    await this.#kept.history.stop()
    await this.#parts.sink?.stop()
    await this.#kept.lastValues.stop()
    for (const end of this.#timers) end()
    this.#timers = []
    this.#subscribers.end()
    this.#parts.database.close()
    this.#parts.penstock.close()
  }

  /** Serves a room at the other end of `port` until it is gone. */
  attach(port: MessagePort): void {
    const link: Link<FromEngine, ToEngine> = new Link<FromEngine, ToEngine>({
      port,
      clock: this.#parts.clock,
      serves: {
        plant: () => ({ revision: this.#revision, plant: this.#plant, ids: this.#indexing.ids }),
        store: () => ({ ...this.#storeHealth(), sink: this.#parts.sink?.health }),
        editHistory: (asked) => this.#kept.edits.apply(asked),
        command: (request) => this.#commands.request(request),
        cancelCommand: (of) => this.#commands.cancel(of),
        subscribe: ({ revision }) => {
          if (revision !== this.#revision) return false
          this.#subscribe(link)
          return true
        },
      },
      hears: { audit: (entries) => recordAudit(this.#audit, entries, this.#parts.log) },
      onEnd: () => this.#subscribers.remove(link),
      onCredit: () => this.#subscribers.flush(),
      ...(this.#parts.tracing ? { tracing: this.#parts.tracing } : {}),
    })
  }

  /**
   * Makes the plant that runs this one, live: what is the same in both does not notice. Resolves when everything
   * follows it; a second change waits for the first.
   */
  async changePlant(configured: ConfiguredDevices): Promise<void> {
    this.#found.configure(configured)
    await this.#changeToFound()
    this.#sources.reconsider()
  }

  /** Every source, or the one of this key, with how its requests fare. */
  diagnostics(sourceKey?: string): SourceDiagnostics[] {
    return this.#sources.diagnostics(sourceKey)
  }

  /** What went over a source's connection; undefined where nothing is traced, or there is no such source. */
  frames(sourceKey: string, after: number): FrameTrace | undefined {
    return this.#sources.frames(sourceKey, after)
  }

  /** Reads one address of a device over the connection that is polled, between two polls. */
  readOnce(wanted: WantedReading): Promise<ReadAnswer> {
    return this.#adHoc.read(wanted)
  }

  /** Begins to measure what a device bears, in place of its source; answered at once. */
  calibrate(wanted: WantedCalibration): CalibrationReport | ReadProblem {
    return this.#calibrations.begin(wanted)
  }

  /** The calibration of the source that runs, or its last one. */
  calibration(source: string): CalibrationReport | undefined {
    return this.#calibrations.report(source)
  }

  /** Ends the calibration of the source that runs; undefined: none does. */
  cancelCalibration(source: string, by: Actor): CalibrationReport | undefined {
    return this.#calibrations.cancel(source, by)
  }

  /** Where recorded values are changed. */
  get edits(): HistoryEdits {
    return this.#kept.edits
  }

  /** Asks a device what it is, between two polls. */
  identify(wanted: WantedIdentity): Promise<IdentityAnswer> {
    return this.#adHoc.identify(wanted)
  }

  /** What can be asked to be done in the plant. */
  get commands(): Commands {
    return this.#commands
  }

  /** The newest rows of the audit log before the number `before`, the newest first. */
  audit(limit: number, before?: number): AuditRow[] {
    return this.#audit.page(limit, before)
  }

  /** What sources found and an operator should know. */
  get findings(): readonly Findings[] {
    return this.#found.findings
  }

  #changeToFound(): Promise<void> {
    const done = this.#changing.then(() => this.#change(this.#found.plant))
    this.#changing = done.catch((error: unknown) => {
      this.#parts.log.error({ cause: describeError(error) }, 'The plant could not be changed')
    })
    return done
  }

  async #followFound(): Promise<void> {
    try {
      await this.#changeToFound()
    } catch (error) {
      this.#parts.onFatal(error)
    }
  }

  health(): EngineHealth {
    return {
      startedAt: this.#startedAt,
      tags: this.#indexing.present.length,
      sources: this.#sources.health(),
      merged: this.#subscribers.merged,
      store: this.#storeHealth(),
      commands: { waiting: this.#commands.waiting, limit: this.#parts.commands.totalQueueLength },
      sink: this.#parts.sink?.health,
    }
  }

  /**
   * Takes touched sources off, follows step by step, and lets the sources go on, come what may: whoever asked for a
   * change that failed half-way has to begin the engine anew.
   */
  async #change(plant: Plant): Promise<void> {
    const change = changeBetween(this.#plant, plant)
    if (isNoChange(change)) return
    this.#commands.hold()
    await this.#sources.withdraw(change)
    try {
      for (const step of inSteps(change, TAGS_A_STEP)) {
        this.#take(step)
        await this.#subscribers.follow({ revision: this.#revision, change: step })
      }
    } finally {
      await this.#sources.follow(change, this.#plant)
      this.#values.plantChanged()
      this.#commands.plantChanged()
      this.#parts.sink?.describe(this.#indexing.present)
    }
  }

  #take(step: PlantChange): void {
    this.#plant = changedPlant(this.#plant, step)
    this.#revision++
    const tags = this.#indexing.apply(step, this.#plant)
    this.#kept.lastValues.forget(tags.renewed)
    this.#kept.series.remove(tags.retired)
    this.#kept.series.add(tags.added)
    this.#pipeline.change(tags)
    this.#kept.windows.change(tags, (key) => this.#indexing.ofDevice(key))
    this.#kept.lastValues.restore([...tags.added, ...tags.updated])
  }

  #storeHealth(): StoreHealth {
    const { ok, reason, lastCommitAt } = this.#kept.lastValues.health
    const history = this.#kept.history.health
    const reasons = [reason, history.reason].filter((each) => each !== '').join('; ')
    return { ok: ok && history.ok, reason: reasons, lastCommitAt, history }
  }

  #subscribe(link: Link<FromEngine, ToEngine>): void {
    this.#subscribers.add(link)
    link.tell('sources', this.#sources.health())
    link.tell('commands', this.#commands.unfinished())
    this.#subscribers.flush()
  }

  #tellHealth(): void {
    if (!this.#healthChanged) return
    this.#healthChanged = false
    this.#subscribers.tellSources(this.#sources.healthNews())
  }
}
