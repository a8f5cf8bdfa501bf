import type { Milliseconds } from '../core/clock.ts'

export interface HistorySettings {
  /** Age at which samples are deleted. */
  readonly keepMs: Milliseconds
  /** Bytes that the history may take; absent: as many as it needs. */
  readonly maxSize?: number | undefined
  /** Cron expression of when that is looked after; absent: every ten minutes. */
  readonly schedule?: string | undefined
}
