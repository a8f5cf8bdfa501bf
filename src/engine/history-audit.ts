import type { EditAnswer, EditOutcome, HistoryEdit } from '../core/history-edit.ts'
import type { Logger } from '../core/logger.ts'

/** Notes who changed what of the history, after it is committed (OPC 10000-11 §5.6); values are not told. */
export function auditHistoryEdit(log: Logger, user: string, edit: HistoryEdit, answer: EditAnswer): void {
  const outcomes: Partial<Record<EditOutcome, number>> = {}
  for (const outcome of answer.outcomes) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const operation = edit.kind === 'write' ? edit.mode : edit.kind
  const entry = {
    audit: 'history',
    user,
    tag: edit.series.tag,
    operation,
    ...spanOf(edit),
    ...outcomes,
    ...deletedOf(edit, answer),
  }
  log.info(entry, 'A user has changed the history of a tag')
}

const deletedOf = (edit: HistoryEdit, { deleted }: EditAnswer): object =>
  edit.kind === 'deleteRange' ? { deleted } : {}

function spanOf(edit: HistoryEdit): { readonly first?: number | undefined; readonly last?: number | undefined } {
  if (edit.kind === 'deleteRange') return { first: edit.first, last: edit.last }
  const times = edit.kind === 'write' ? edit.samples.map(({ sourceTime }) => sourceTime) : edit.times
  return times.length === 0
    ? {}
    : {
        first: times.reduce((one, other) => Math.min(one, other)),
        last: times.reduce((one, other) => Math.max(one, other)),
      }
}
