import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { AskedHistoryEdit, EditAnswer } from '../core/history-edit.ts'
import type { Logger } from '../core/logger.ts'
import type { AuditLog } from '../store/audit.ts'
import type { HistoryEditor } from '../store/history-editor.ts'
import type { HistoryWriter } from '../store/history-writer.ts'
import { historyAudit } from './history-audit.ts'
import type { WindowAggregation } from './windows/window-aggregation.ts'

export interface HistoryEditsParts {
  readonly history: Pick<HistoryWriter, 'commit'>
  readonly editor: HistoryEditor
  readonly audit: AuditLog
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
    const { history, editor, audit, windows, clock, log } = this.#parts
    // What devices said until now comes first.
    await history.commit()
    const answer = await editor.apply(edit)
    windows.edited(edit)
    try {
      audit.append({ at: clock.now(), ...historyAudit(by, edit, answer) })
    } catch (error) {
      // The history is changed, and the client has to hear that.
      log.error({ user: by.user, cause: describeError(error) }, 'A change of the history is not in the audit log')
    }
    return answer
  }
}
