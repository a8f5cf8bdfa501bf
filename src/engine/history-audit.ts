import type { AuditEntry } from '../core/audit.ts'
import type { Actor } from '../core/command.ts'
import type { EditAnswer, EditOutcome, HistoryEdit } from '../core/history-edit.ts'

/**
 * What is written down of a change of the history, after it is committed (OPC 10000-11 §5.6): the values themselves are
 * not told. The history is a database of its own, so a crash between the two can lose the entry, never the change.
 */
export function historyAudit(by: Actor, edit: HistoryEdit, answer: EditAnswer): Omit<AuditEntry, 'at'> {
  const outcomes: Partial<Record<EditOutcome, number>> = {}
  for (const outcome of answer.outcomes) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  return {
    by,
    action: `history.${edit.kind === 'write' ? edit.mode : edit.kind}`,
    subject: edit.series.tag,
    outcome: 'done',
    details: { ...spanOf(edit), ...outcomes, ...deletedOf(edit, answer) },
  }
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
