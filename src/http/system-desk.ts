import type { Config } from '../config/schema.ts'
import type { Actor } from '../core/command.ts'
import type { EventPage, EventQuery } from '../core/gateway-event.ts'

/** The program and the machine as of now. */
export interface SystemFacts {
  readonly version: string
  /** As package.json names it (SPDX). */
  readonly licence: string
  readonly builtAt: number
  readonly startedAt: number
  readonly node: string
  readonly platform: string
  /** What the process has, and may have; null: as much as there is. */
  readonly memory: { readonly usedBytes: number; readonly limitBytes: number | null }
  /** Of the data folder; null where the system does not say. */
  readonly disk: { readonly freeBytes: number | null; readonly sizeBytes: number | null }
  /** Bytes of the data folder, by what they are for. */
  readonly files: Readonly<Record<'configuration' | 'history' | 'certificates' | 'other', number>>
}

/** The backups that there are, the newest first, and how others are made. */
export interface KnownBackups {
  /** As absolute paths: where they are, and the data folder, into which one is restored. */
  readonly folder: string
  readonly data: string
  /** As cron writes it; null: only when somebody asks. */
  readonly schedule: string | null
  /** How many stay; undefined: all. */
  readonly keep: number | undefined
  readonly backups: readonly {
    readonly name: string
    readonly at: string
    readonly bytes: number
    readonly program: string
  }[]
}

/** What an administrator sees and does about the program, its data folder and backups. */
export interface SystemDesk {
  /** With what the gateway was started. */
  readonly settings: Config
  events(query: EventQuery): EventPage
  facts(): Promise<SystemFacts>
  backups(): KnownBackups
  /** Rejects with BACKUP_FAILED. */
  backUp(by: Actor): Promise<{ readonly backup: string; readonly files: number; readonly bytes: number }>
  /** undefined: there is no backup of this name. Rejects with BACKUP_FAILED: what is wrong with it. */
  verifyBackup(
    name: string,
  ): Promise<{ readonly at: string; readonly files: number; readonly bytes: number } | undefined>
}
