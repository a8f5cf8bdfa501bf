import type { Milliseconds } from './clock.ts'
import type { Actor } from './command.ts'
import type { RecordedSample, SeriesName } from './history-source.ts'

/**
 * How samples are written that did not come from a device (OPC 10000-11 §6.8.2 to §6.8.4): `insert` only where there is
 * none at the time, `replace` only where there is one, `update` in either case.
 */
export type WriteMode = 'insert' | 'replace' | 'update'

/** A change of what is recorded of one tag (OPC 10000-11 §6.8.2, §6.9.2, §6.9.3). */
export type HistoryEdit = { readonly series: SeriesName } & (
  | { readonly kind: 'write'; readonly mode: WriteMode; readonly samples: readonly RecordedSample[] }
  /** From `first` to `last`, both included. */
  | { readonly kind: 'deleteRange'; readonly first: Milliseconds; readonly last: Milliseconds }
  | { readonly kind: 'deleteTimes'; readonly times: readonly Milliseconds[] }
)

/** What became of one sample or one time; `exists` and `missing`: nothing, since there is one, or none. */
export type EditOutcome = 'inserted' | 'replaced' | 'exists' | 'missing' | 'deleted'

/** A change that a user asks for. */
export interface AskedHistoryEdit {
  readonly by: Actor
  readonly edit: HistoryEdit
}

/** Of `write` and `deleteTimes` an outcome for each, in order; `deleted`: how many samples are gone. */
export interface EditAnswer {
  readonly outcomes: readonly EditOutcome[]
  readonly deleted: number
}
