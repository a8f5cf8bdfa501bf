import { once } from 'node:events'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createTask, type ScheduledTask } from 'node-cron'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import { type BackupFacts, type BackupOptions, type BackupReport, backupsIn } from './backup.ts'
import type { BackupWork } from './backup-thread.ts'

export interface BackupSettings {
  /** Five fields of cron, in the time zone of the machine; absent: backups are made only when somebody asks. */
  readonly schedule?: string | undefined
  readonly folder: string
  readonly keep: number
}

/** How the last backup went. */
export interface BackupHealth {
  readonly lastAt: number | null
  /** Why the last one failed; empty when it did not. */
  readonly reason: string
}

/** A verified backup. */
type Verified = Omit<BackupFacts, 'name' | 'program'> & { readonly files: number }

/** Backs the data folder up as scheduled and when asked, one backup at a time, while the gateway goes on. */
export class BackupSchedule {
  readonly #task: ScheduledTask | undefined
  readonly #options: Omit<BackupOptions, 'now'>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tracing: Tracing
  #running: Promise<BackupReport> | undefined
  #health: BackupHealth = { lastAt: null, reason: '' }

  constructor(parts: {
    readonly settings: BackupSettings
    readonly dataFolder: string
    readonly program: string
    readonly clock: Clock
    readonly log: Logger
    readonly tracing?: Tracing
  }) {
    const { settings, dataFolder, program, clock, log } = parts
    this.#options = { dataFolder, into: settings.folder, keep: settings.keep, program }
    this.#clock = clock
    this.#log = log
    this.#tracing = parts.tracing ?? noTracing
    const { schedule } = settings
    this.#task = schedule === undefined ? undefined : createTask(schedule, () => this.now(), { noOverlap: true })
  }

  /** null: none are scheduled. */
  get health(): BackupHealth | null {
    return this.#task ? this.#health : null
  }

  /** Where backups are put, and how many stay there. */
  get kept(): { readonly folder: string; readonly keep: number | undefined } {
    return { folder: this.#options.into, keep: this.#options.keep }
  }

  start(): void {
    void this.#task?.start()
  }

  /** Waits for a backup that is under way. */
  async stop(): Promise<void> {
    await this.#task?.destroy()
    await this.#running?.catch(() => undefined)
  }

  /** Makes one now; never rejects: why one failed is in the log and in `health`. */
  async now(): Promise<void> {
    await this.make().catch(() => undefined)
  }

  /** Makes one now, or waits for the one that is under way. Rejects with BACKUP_FAILED. */
  make(): Promise<BackupReport> {
    this.#running ??= this.#make().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Those in the folder, the newest first; none where there is no folder yet. */
  list(): readonly BackupFacts[] {
    return backupsIn(this.#options.into)
  }

  /** Checks one of `list`. Rejects with BACKUP_FAILED: what is wrong with it. */
  verify(name: string): Promise<Verified> {
    return inThread<Verified>({ verify: join(this.#options.into, name) })
  }

  async #make(): Promise<BackupReport> {
    const now = this.#clock.now()
    const span = this.#tracing.begin('upkeep', 'backup')
    try {
      const report = await inThread<BackupReport>({ make: { ...this.#options, now } })
      this.#health = { lastAt: now, reason: '' }
      span?.set({ 'penstock.backup.files': report.files, 'penstock.backup.bytes': report.bytes })
      this.#log.info({ ...report }, 'The data folder is backed up, and the backup is verified')
      return report
    } catch (error) {
      this.#health = { ...this.#health, reason: describeError(error) }
      span?.fail(describeError(error))
      this.#log.error({ cause: describeError(error) }, 'The data folder could not be backed up; older backups stay')
      throw error
    } finally {
      span?.end()
    }
  }
}

async function inThread<Report>(work: BackupWork): Promise<Report> {
  const entry = new URL(`./backup-thread${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(entry, { workerData: work })
  const [report] = (await once(worker, 'message')) as [Report]
  return report
}
