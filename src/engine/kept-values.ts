import type Database from 'better-sqlite3'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Tracing } from '../core/tracing.ts'
import type { AuditLog } from '../store/audit.ts'
import { markDamaged } from '../store/damage.ts'
import { DatabaseHistory } from '../store/database-history.ts'
import { HistoryCompaction } from '../store/history-compaction.ts'
import { HistoryEditor } from '../store/history-editor.ts'
import { HistoryRetention, type HistorySettings } from '../store/history-retention.ts'
import { HistoryWriter } from '../store/history-writer.ts'
import { LastValues } from '../store/last-values.ts'
import type { Outbox } from '../store/outbox.ts'
import { SeriesBook } from '../store/series.ts'
import { cronSchedule } from './cron-schedule.ts'
import { HistoryEdits } from './history-edits.ts'
import { WindowAggregation } from './windows/window-aggregation.ts'

/** All that writes and reads `history.db` for an engine; `onFatal`: the file is damaged, and will be begun anew. */
export function keptValues(parts: {
  database: Database.Database
  pipeline: Pipeline
  audit: AuditLog
  /** Names under which sources keep memories. */
  memories: () => readonly string[]
  settings: HistorySettings
  /** Where the sink finds what was written; absent: there is no sink. */
  outbox: Outbox | undefined
  clock: Clock
  log: Logger
  tracing: Tracing
  onFatal: (error: unknown) => void
}) {
  const { database, pipeline, audit, settings, outbox, clock, log, tracing } = parts
  const { keepMs, maxSize, schedule: cron } = settings
  const series = new SeriesBook(database)
  const onDamage = (error: Error) => {
    if (markDamaged(database, error)) parts.onFatal(error)
  }
  const history = new HistoryWriter({ database, series, outbox, clock, log, onDamage })
  const source = new DatabaseHistory(database)
  const windows = new WindowAggregation({ sink: pipeline, table: pipeline.table, source, history, clock, log })
  const schedule = cron === undefined ? undefined : cronSchedule(cron)
  const editor = new HistoryEditor({ database, clock })
  const sweeping = { devices: parts.memories, keepMs, maxSize, schedule }
  return {
    series,
    history,
    windows,
    lastValues: new LastValues({ database, pipeline, series, clock, log, onDamage }),
    edits: new HistoryEdits({ history, audit, windows, outbox, editor, clock, log }),
    retention: new HistoryRetention({ database, series, ...sweeping, clock, log }),
    compaction: new HistoryCompaction({ database, keepMs, clock, log, tracing }),
  }
}
