import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { EventPage, EventQuery } from '../core/gateway-event.ts'
import type { SystemDesk, SystemFacts } from '../http/system-desk.ts'
import type { AuditLog } from '../store/audit.ts'
import type { BackupSchedule } from '../store/backup-schedule.ts'
import { freeSpaceOf } from '../store/free-space.ts'
import { builtAt, licence, version } from '../version.ts'
import { memoryLimit } from './support/facts.ts'

export interface SystemParts {
  readonly config: Config
  readonly startedAt: number
  readonly backups: BackupSchedule
  readonly events: { page(query: EventQuery): EventPage }
  readonly audit: Pick<AuditLog, 'append'>
  readonly clock: Clock
}

/** What an administrator sees and does about the program, its data folder and backups. */
export function systemDesk({ config, startedAt, backups, events, audit, clock }: SystemParts): SystemDesk {
  const { data } = config.gateway
  return {
    settings: config,
    events: (query) => events.page(query),
    facts: async () => ({ version, licence, builtAt: builtAt.getTime(), startedAt, ...(await factsOf(data)) }),
    backups: () => ({
      folder: resolve(backups.kept.folder),
      data: resolve(data),
      keep: backups.kept.keep,
      schedule: config.backup.schedule ?? null,
      backups: backups.list(),
    }),
    backUp: async (by) => {
      const note = (outcome: 'done' | 'failed', details: Readonly<Record<string, unknown>>) =>
        audit.append({ at: clock.now(), by, action: 'backup.make', subject: 'data', outcome, details })
      return noted(() => backups.make(), note)
    },
    verifyBackup: async (name) =>
      backups.list().some((each) => each.name === name) ? backups.verify(name) : undefined,
  }
}

async function noted<Report extends { readonly backup: string }>(
  make: () => Promise<Report>,
  note: (outcome: 'done' | 'failed', details: Readonly<Record<string, unknown>>) => void,
): Promise<Report> {
  try {
    const report = await make()
    note('done', { backup: report.backup })
    return report
  } catch (error) {
    note('failed', { reason: describeError(error) })
    throw error
  }
}

async function factsOf(data: string): Promise<Omit<SystemFacts, 'version' | 'licence' | 'builtAt' | 'startedAt'>> {
  const [disk, files] = await Promise.all([freeSpaceOf(data), sizesIn(data)])
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    memory: { usedBytes: process.memoryUsage.rss(), limitBytes: memoryLimit() },
    disk: { freeBytes: disk.freeBytes, sizeBytes: disk.sizeBytes },
    files,
  }
}

/** What takes space in the data folder; a database with what belongs to it (`-wal`, `-shm`). */
async function sizesIn(data: string): Promise<SystemFacts['files']> {
  const names = await readdir(data, { recursive: true })
  const bytes = { configuration: 0, history: 0, certificates: 0, other: 0 }
  for (const name of names) {
    const found = await stat(join(data, name)).catch(() => undefined)
    if (found?.isFile()) bytes[partOf(name)] += found.size
  }
  return bytes
}

function partOf(file: string): keyof SystemFacts['files'] {
  if (file.startsWith('penstock.db')) return 'configuration'
  if (file.startsWith('history.db')) return 'history'
  return /^pki[/\\]/.test(file) ? 'certificates' : 'other'
}
