import type Database from 'better-sqlite3'
import { type Actor, type CommandQuery, type CommandState, type CommandStep, isFinal } from '../core/command.ts'
import type { CommandJournal, JournalChange, Move, NewCommand, StoredCommand } from '../core/command-journal.ts'
import { statusName } from '../core/status-code.ts'
import { orderOf, orderText } from '../core/stored-value.ts'
import type { AuditLog } from './audit.ts'

interface Row {
  readonly id: number
  readonly device: string
  readonly subject: string
  readonly what: string
  readonly user: string
  readonly origin: Actor['origin']
  readonly address: string | null
  readonly client: string | null
  readonly state: CommandState
  readonly reason: string
  readonly status: number | null
  readonly priority: number
  readonly accepted_at: number
  readonly changed_at: number
  readonly deadline: number
  readonly expected_at: number | null
  readonly handle: string | null
  readonly idempotency_key: string | null
}

interface StepRow {
  readonly at: number
  readonly state: CommandState
  readonly reason: string
  readonly status: number | null
}

// As `isFinished` has it, and word for word as the partial index, so that SQLite uses that.
/** In SQL: nothing more comes of it (`isFinished`); as the index `commands_finished` has it. */
export const FINISHED = "state NOT IN ('queued', 'sending', 'sent') AND (state <> 'transmitted' OR status IS NOT NULL)"
const UNFINISHED = "(state IN ('queued', 'sending', 'sent') OR (state = 'transmitted' AND status IS NULL))"

/** Commands in `penstock.db`. */
export class CommandStore implements CommandJournal {
  readonly #database: Database.Database
  readonly #audit: AuditLog
  readonly #insert: Database.Statement<unknown[]>
  readonly #update: Database.Statement<unknown[]>
  readonly #step: Database.Statement<unknown[]>
  readonly #find: Database.Statement<[number], Row>
  readonly #steps: Database.Statement<[number], StepRow>
  readonly #byKey: Database.Statement<[string, string, number], Row>
  readonly #prune: Database.Statement<[number, number]>

  constructor(database: Database.Database, audit: AuditLog) {
    this.#database = database
    this.#audit = audit
    this.#insert = database.prepare(`
      INSERT INTO commands (device, subject, what, user, origin, address, client, state, reason, priority, accepted_at,
        changed_at, deadline, expected_at, idempotency_key)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', '', ?, ?, ?, ?, ?, ?)`)
    this.#update = database.prepare(`
      UPDATE commands SET state = @to, reason = @reason, status = @status, changed_at = @at,
        handle = coalesce(@handle, handle), expected_at = coalesce(@expectedAt, expected_at),
        sent_at = CASE @to WHEN 'sending' THEN @at WHEN 'queued' THEN NULL ELSE sent_at END
      WHERE id = @id AND state IN (SELECT value FROM json_each(@from))`)
    this.#step = database.prepare(`
      INSERT INTO command_steps (command, step, at, state, reason, status)
      SELECT @id, coalesce(max(step), 0) + 1, @at, @to, @reason, @status FROM command_steps WHERE command = @id`)
    this.#find = database.prepare('SELECT * FROM commands WHERE id = ?')
    this.#steps = database.prepare(
      'SELECT at, state, reason, status FROM command_steps WHERE command = ? ORDER BY step',
    )
    this.#byKey = database.prepare(`
      SELECT * FROM commands WHERE user = ? AND idempotency_key = ? AND accepted_at > ? ORDER BY id DESC LIMIT 1`)
    this.#prune = database.prepare(`
      DELETE FROM commands WHERE id IN (
        SELECT id FROM commands WHERE changed_at < ? AND ${FINISHED} LIMIT ?)`)
  }

  commit(changes: readonly JournalChange[]): readonly (StoredCommand | undefined)[] {
    const all = () =>
      changes.map((change) => ('accept' in change ? this.#accept(change.accept) : this.#move(change.move)))
    return this.#database.transaction(all).immediate()
  }

  unfinished(): readonly StoredCommand[] {
    return this.#all(`SELECT * FROM commands WHERE ${UNFINISHED} ORDER BY id`)
  }

  find(id: number): StoredCommand | undefined {
    const row = this.#find.get(id)
    return row && commandOf(row)
  }

  steps(id: number): readonly CommandStep[] {
    return this.#steps.all(id).map(({ status, ...step }) => ({ ...step, ...(status === null ? {} : { status }) }))
  }

  list({ device, state, limit }: CommandQuery): readonly StoredCommand[] {
    const wanted = [...(device === undefined ? [] : ['device = ?']), ...(state === undefined ? [] : ['state = ?'])]
    const where = wanted.length > 0 ? `WHERE ${wanted.join(' AND ')}` : ''
    const given = [device, state].filter((each) => each !== undefined)
    return this.#all(`SELECT * FROM commands ${where} ORDER BY id DESC LIMIT ?`, ...given, limit)
  }

  byKey(user: string, idempotencyKey: string, since: number): StoredCommand | undefined {
    const row = this.#byKey.get(user, idempotencyKey, since)
    return row && commandOf(row)
  }

  lastSent(since: number): readonly { readonly device: string; readonly subject: string; readonly at: number }[] {
    return this.#database
      .prepare<{ since: number }, { device: string; subject: string; at: number }>(`
        SELECT device, subject, max(sent_at) AS at FROM (
          SELECT * FROM commands WHERE changed_at > @since AND ${FINISHED}
          UNION ALL SELECT * FROM commands WHERE ${UNFINISHED}
        ) WHERE sent_at > @since GROUP BY device, subject`)
      .all({ since })
  }

  prune(before: number, limit: number): number {
    return this.#prune.run(before, limit).changes
  }

  #accept(command: NewCommand): StoredCommand {
    const { device, subject, order, by, priority, acceptedAt, deadline, expectedAt = null, idempotencyKey } = command
    const { user, origin, address = null, client = null } = by
    const what = orderText(order)
    const who = [user, origin, address, client]
    const times = [acceptedAt, acceptedAt, deadline, expectedAt]
    const { lastInsertRowid } = this.#insert.run(
      device,
      subject,
      what,
      ...who,
      priority,
      ...times,
      idempotencyKey ?? null,
    )
    const id = Number(lastInsertRowid)
    this.#step.run({ id, at: acceptedAt, to: 'queued', reason: '', status: null })
    const details = {
      id,
      ...(JSON.parse(what) as object),
      ...(command.before === undefined ? {} : { before: command.before }),
    }
    this.#audit.append({
      at: acceptedAt,
      by,
      action: 'command.accept',
      subject: `${device}/${subject}`,
      outcome: 'done',
      details,
    })
    return this.find(id) as StoredCommand
  }

  #move({ id, from, to, at, reason, by, ...more }: Move): StoredCommand | undefined {
    const before = this.#find.get(id)
    const [status, handle, expectedAt] = [more.status ?? null, more.handle ?? null, more.expectedAt ?? null]
    const step = { id, to, at, reason, status }
    const { changes } = this.#update.run({ ...step, handle, expectedAt, from: JSON.stringify(from) })
    if (changes === 0 || !before) return undefined
    const after = this.find(id) as StoredCommand
    if (before.state === to) return after
    this.#step.run(step)
    const outcome =
      to === 'refused' ? 'refused' : isFinal(to) && !['confirmed', 'cancelled'].includes(to) ? 'failed' : 'done'
    const details = {
      id,
      from: before.state,
      ...(reason === '' ? {} : { reason }),
      ...(status === null ? {} : { status: statusName(status) }),
    }
    this.#audit.append({
      at,
      by,
      action: `command.${to}`,
      subject: `${before.device}/${before.subject}`,
      outcome,
      details,
    })
    return after
  }

  #all(sql: string, ...given: (string | number)[]): StoredCommand[] {
    return this.#database
      .prepare<(string | number)[], Row>(sql)
      .all(...given)
      .map(commandOf)
  }
}

function commandOf(row: Row): StoredCommand {
  const { id, device, subject, state, reason, priority, deadline, user, origin } = row
  return {
    id,
    device,
    subject,
    order: orderOf(row.what),
    by: { user, origin, address: row.address ?? undefined, client: row.client ?? undefined },
    state,
    reason,
    status: row.status ?? undefined,
    priority,
    acceptedAt: row.accepted_at,
    changedAt: row.changed_at,
    deadline,
    expectedAt: row.expected_at ?? undefined,
    handle: row.handle ?? undefined,
    idempotencyKey: row.idempotency_key ?? undefined,
  }
}
