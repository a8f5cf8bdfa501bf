import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { AskedHistoryEdit, EditAnswer, HistoryEdit } from '../core/history-edit.ts'
import type { Logger } from '../core/logger.ts'
import type { AuditLog } from '../store/audit.ts'
import type { HistoryEditor } from '../store/history-editor.ts'
import type { HistoryWriter } from '../store/history-writer.ts'
import type { Outbox } from '../store/outbox.ts'
import { historyAudit } from './history-audit.ts'
import type { WindowAggregation } from './windows/window-aggregation.ts'

export interface HistoryEditsParts {
  readonly history: Pick<HistoryWriter, 'commit'>
  readonly editor: HistoryEditor
  readonly audit: AuditLog
  /** Where the sink finds what was changed; absent: there is no sink. */
  readonly outbox?: Outbox | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly windows: Pick<WindowAggregation, 'edited'>
}

/** Changes of what is recorded, by users; answered when they are committed. */
export class HistoryEdits {
  readonly #parts: HistoryEditsParts

  constructor(parts: HistoryEditsParts) {
    this.#parts = parts
  }

  async apply({ by, edit }: AskedHistoryEdit): Promise<EditAnswer> {
    const { history, editor, audit, outbox, windows, clock, log } = this.#parts
    // What devices said until now comes first.
    await history.commit()
    const answer = await editor.apply(edit)
    windows.edited(edit)
    try {
      if (outbox) tellOutbox(outbox, edit, answer)
    } catch (error) {
      log.error(
        { user: by.user, cause: describeError(error) },
        'PostgreSQL will not get a change of the history; repeat it',
      )
    }
    try {
      audit.append({ at: clock.now(), ...historyAudit(by, edit, answer) })
    } catch (error) {
      // The history is changed, and the client has to hear that.
      log.error({ user: by.user, cause: describeError(error) }, 'A change of the history is not in the audit log')
    }
    return answer
  }
}

function tellOutbox(outbox: Outbox, edit: HistoryEdit, { outcomes, deleted }: EditAnswer): void {
  const { series } = edit
  if (edit.kind === 'write') {
    const done = edit.samples.filter((_, at) => outcomes[at] === 'inserted' || outcomes[at] === 'replaced')
    outbox.addWritten(series, done)
  } else if (edit.kind === 'deleteTimes') {
    const done = edit.times.filter((_, at) => outcomes[at] === 'deleted')
    outbox.addDeleted(
      series,
      done.map((time) => ({ first: time, last: time })),
    )
  } else if (deleted > 0) {
    outbox.addDeleted(series, [{ first: edit.first, last: edit.last }])
  }
}
