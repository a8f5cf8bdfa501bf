import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import { BackupSchedule } from '../store/backup-schedule.ts'
import { version } from '../version.ts'

/** The backups as the configuration wants them, scheduled or not. */
export function scheduledBackups({ backup, gateway }: Config, log: Logger, tracing: Tracing): BackupSchedule {
  const parts = { dataFolder: gateway.data, program: version, clock: systemClock, log, tracing }
  return new BackupSchedule({ settings: backup, ...parts })
}
