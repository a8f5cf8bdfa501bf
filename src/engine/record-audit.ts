import type { AuditEntry } from '../core/audit.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { AuditLog } from '../store/audit.ts'

/** Writes what clients did or tried into the audit log; where that fails, the gateway's own log has it. */
export function recordAudit(audit: Pick<AuditLog, 'append'>, entries: readonly AuditEntry[], log: Logger): void {
  for (const entry of entries) {
    try {
      audit.append(entry)
    } catch (error) {
      log.error({ ...entry, cause: describeError(error) }, 'The audit log could not be written; this is what it lacks')
    }
  }
}
