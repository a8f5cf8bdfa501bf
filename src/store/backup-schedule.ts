import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createTask, type ScheduledTask } from 'node-cron'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import type { BackupOptions, BackupReport } from './backup.ts'

export interface BackupSettings {
  /** Five fields of cron, in the time zone of the machine. */
  readonly schedule: string
  readonly folder: string
  readonly keep: number
}

/** How the last backup went. */
export interface BackupHealth {
  readonly lastAt: number | null
  /** Why the last one failed; empty when it did not. */
  readonly reason: string
}

/** Backs the data folder up as scheduled, one backup at a time, while the gateway goes on. */
export class BackupSchedule {
  readonly #task: ScheduledTask
  readonly #options: Omit<BackupOptions, 'now'>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tracing: Tracing
  #running: Promise<void> | undefined
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
    this.#task = createTask(settings.schedule, () => this.now(), { noOverlap: true })
  }

  get health(): BackupHealth {
    return this.#health
  }

  start(): void {
    void this.#task.start()
  }

  /** Waits for a backup that is under way. */
  async stop(): Promise<void> {
    await this.#task.destroy()
    await this.#running
  }

  /** Makes one now; never rejects. */
  now(): Promise<void> {
    this.#running ??= this.#make().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #make(): Promise<void> {
    const now = this.#clock.now()
    const span = this.#tracing.begin('upkeep', 'backup')
    try {
      const { backup, files, bytes, removed } = await inThread({ ...this.#options, now })
      this.#health = { lastAt: now, reason: '' }
      span?.set({ 'penstock.backup.files': files, 'penstock.backup.bytes': bytes })
      this.#log.info({ backup, files, bytes, removed }, 'The data folder is backed up, and the backup is verified')
    } catch (error) {
      this.#health = { ...this.#health, reason: describeError(error) }
      span?.fail(describeError(error))
      this.#log.error({ cause: describeError(error) }, 'The data folder could not be backed up; older backups stay')
    } finally {
      span?.end()
    }
  }
}

async function inThread(options: BackupOptions): Promise<BackupReport> {
  const entry = new URL(`./backup-thread${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(entry, { workerData: options })
  const [report] = (await once(worker, 'message')) as [BackupReport]
  return report
}
