import type { Actor } from './command.ts'

/** What is written down of a change, or of an attempt. */
export interface AuditEntry {
  /** Milliseconds of the epoch. */
  readonly at: number
  readonly by: Actor
  /** What was done, as `command.accept`. */
  readonly action: string
  /** What it was done to, as `boiler-1/setpoint`. */
  readonly subject: string
  readonly outcome: 'done' | 'refused' | 'failed'
  /** Old and new values and the like, without secrets; as JSON can hold it. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** A row of the audit log; the higher its number, the later. */
export type AuditRow = AuditEntry & { readonly id: number }
