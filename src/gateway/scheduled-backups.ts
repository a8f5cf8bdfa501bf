import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import { BackupSchedule } from '../store/backup-schedule.ts'
import { version } from '../version.ts'

/** The backups that the configuration wants; undefined: none. */
export function scheduledBackups(
  { backup, gateway }: Config,
  log: Logger,
  tracing: Tracing,
): BackupSchedule | undefined {
  const { schedule } = backup
  if (schedule === undefined) return undefined
  const settings = { ...backup, schedule }
  return new BackupSchedule({ settings, dataFolder: gateway.data, program: version, clock: systemClock, log, tracing })
}
