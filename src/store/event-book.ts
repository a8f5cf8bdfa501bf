import type Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type { CommandState } from '../core/command.ts'
import type { Condition, EventKind, EventPage, EventQuery, GatewayEvent } from '../core/gateway-event.ts'
import { FINISHED } from './command-store.ts'

/** What is over is kept so long, and the newest so many; what lasts is kept whatever its age. */
const KEPT_FOR: Milliseconds = 90 * 86_400_000
const MOST_KEPT = 10_000
/** Commands that are looked through for those that fit: far more can be kept, and whoever asks waits. */
const MOST_SEARCHED = 5_000

interface Row {
  readonly id: number
  readonly kind: Condition['kind']
  readonly subject: string
  readonly severity: number
  readonly text: string
  readonly since: number
  readonly until: number | null
}

interface CommandRow {
  readonly id: number
  readonly device: string
  readonly subject: string
  readonly state: CommandState
  readonly reason: string
  readonly changed_at: number
}

/** Those that can be the last of a command (`FINISHED`). */
const severityOf: Readonly<Partial<Record<CommandState, number>>> = {
  confirmed: 50,
  transmitted: 50,
  cancelled: 100,
  refused: 300,
  expired: 400,
  failed: 500,
  lost: 500,
  uncertain: 500,
}

/** An event where it stands among all, for paging: at one time, those of commands come after the others. */
interface Placed {
  readonly at: number
  readonly isOfCommand: 0 | 1
  readonly number: number
  readonly event: GatewayEvent
}

/**
 * What happened, in `penstock.db`: the events of the gateway, bounded in number and age, and the ends of commands, which
 * stand there anyway.
 */
export class EventBook {
  readonly #database: Database.Database
  /** What lasts, by kind and subject, with what is said of it now. */
  readonly #lasting = new Map<string, Row>()

  constructor(database: Database.Database) {
    this.#database = database
    for (const row of database.prepare<[], Row>('SELECT * FROM events WHERE until IS NULL').all()) {
      this.#lasting.set(keyOf(row), row)
    }
  }

  /** What lasts as far as is known, also from before the gateway was started. */
  get lasting(): readonly Condition[] {
    return [...this.#lasting.values()]
  }

  /**
   * From now on exactly this is so; of what `isKnown` denies nobody can say, and it stays as it was. Answers whether
   * anything began or was over; throws what SQLite throws, and has then changed nothing.
   */
  show(conditions: readonly Condition[], isKnown: (of: Condition) => boolean, now: Milliseconds): boolean {
    const shown = new Map(conditions.map((condition) => [keyOf(condition), condition]))
    for (const [key, { text }] of shown) {
      const before = this.#lasting.get(key)
      if (before) this.#lasting.set(key, { ...before, text })
    }
    const over = [...this.#lasting].filter(([key, row]) => !shown.has(key) && isKnown(row))
    const fresh = [...shown].filter(([key]) => !this.#lasting.has(key))
    if (over.length === 0 && fresh.length === 0) return false
    const end = this.#database.prepare('UPDATE events SET until = ?, text = ? WHERE id = ?')
    const begun = this.#database
      .transaction(() => {
        for (const [, { id, text, since }] of over) end.run(Math.max(now, since), text, id)
        const rows = fresh.map(([key, condition]) => [key, this.#insert(condition, null)] as const)
        this.#cut(now)
        return rows
      })
      .immediate()
    for (const [key] of over) this.#lasting.delete(key)
    for (const [key, row] of begun) this.#lasting.set(key, row)
    return true
  }

  /** Something that was over at once. */
  happened(condition: Condition): void {
    this.#database.transaction(() => this.#insert(condition, condition.since)).immediate()
  }

  /** Events, the newest first. A `before` that is no place among them asks for the newest. */
  page(query: EventQuery): EventPage {
    const [at = Number.MAX_SAFE_INTEGER, isOfCommand = 1, number = Number.MAX_SAFE_INTEGER] =
      /^(\d{1,15})-([01])-(\d{1,15})$/
        .exec(query.before ?? '')
        ?.slice(1)
        .map(Number) ?? []
    const before = { at, isOfCommand, number }
    const found = [...this.#events(query, before), ...this.#commands(query, before)]
    const sorted = found.toSorted(
      (one, other) => other.at - one.at || other.isOfCommand - one.isOfCommand || other.number - one.number,
    )
    const shown = sorted.slice(0, query.limit)
    const last = shown.at(-1)
    const events = shown.map(({ event }) => event)
    return last && sorted.length > query.limit ? { events, next: last.event.id } : { events }
  }

  #insert({ kind, subject, severity, text, since }: Condition, until: number | null): Row {
    const row = { kind, subject, severity, text, since: Math.round(since), until }
    const { lastInsertRowid } = this.#database
      .prepare(
        'INSERT INTO events (kind, subject, severity, text, since, until) ' +
          'VALUES (@kind, @subject, @severity, @text, @since, @until)',
      )
      .run(row)
    return { id: Number(lastInsertRowid), ...row }
  }

  #cut(now: Milliseconds): void {
    this.#database
      .prepare('DELETE FROM events WHERE until IS NOT NULL AND (until < ? OR id <= (SELECT max(id) FROM events) - ?)')
      .run(now - KEPT_FOR, MOST_KEPT)
  }

  /** One more than asked for, so that it shows whether there are more. */
  #events(query: EventQuery, before: { at: number; isOfCommand: number; number: number }): Placed[] {
    const { limit, lasting, kinds, minSeverity = 0, search = '' } = query
    // Events stand before commands of the same time: of that time, they come after a place among commands.
    const number = before.isOfCommand === 1 ? Number.MAX_SAFE_INTEGER : before.number
    const rows = this.#database
      .prepare<object, Row>(
        `SELECT * FROM events WHERE (since, id) < (@at, @number) AND severity >= @minSeverity
           AND (@lasting IS NULL OR (until IS NULL) = @lasting)
           AND (@kinds IS NULL OR kind IN (SELECT value FROM json_each(@kinds)))
           AND instr(lower(subject || ' ' || text), lower(@search)) > 0
         ORDER BY since DESC, id DESC LIMIT @limit`,
      )
      .all({
        ...{ at: before.at, number, minSeverity, search, limit: limit + 1 },
        lasting: lasting === undefined ? null : Number(lasting),
        kinds: kinds ? JSON.stringify(kinds) : null,
      })
    return rows.map((row) => {
      const { text } = this.#lasting.get(keyOf(row)) ?? row
      const { id: number, until, ...rest } = row
      const event = { ...rest, until, text: until === null ? text : row.text, id: `${row.since}-0-${number}` }
      return { at: row.since, isOfCommand: 0, number, event }
    })
  }

  #commands(query: EventQuery, before: { at: number; isOfCommand: number; number: number }): Placed[] {
    const { limit, lasting, kinds, minSeverity = 0, search = '' } = query
    if (lasting === true || (kinds && !kinds.includes('command'))) return []
    const states = Object.entries(severityOf).flatMap(([state, severity]) => (severity >= minSeverity ? [state] : []))
    const number = before.isOfCommand === 1 ? before.number : 0
    const rows = this.#database
      .prepare<object, CommandRow>(
        `SELECT * FROM (
           SELECT id, device, subject, state, reason, changed_at FROM commands
           WHERE ${FINISHED} AND (changed_at, id) < (@at, @number)
           ORDER BY changed_at DESC, id DESC LIMIT @searched)
         WHERE state IN (SELECT value FROM json_each(@states))
           AND instr(lower(device || '/' || subject || ' ' || reason), lower(@search)) > 0
         LIMIT @limit`,
      )
      .all({
        ...{ at: before.at, number, search, limit: limit + 1 },
        states: JSON.stringify(states),
        searched: MOST_SEARCHED,
      })
    return rows.map(({ id: number, device, subject, state, reason, changed_at: at }) => {
      const severity = severityOf[state] ?? 0
      const of = { kind: 'command' as EventKind, subject: `${device}/${subject}`, severity, text: reason, state }
      return { at, isOfCommand: 1, number, event: { ...of, since: at, until: at, id: `${at}-1-${number}` } }
    })
  }
}

const keyOf = ({ kind, subject }: Pick<Condition, 'kind' | 'subject'>): string => `${kind} ${subject}`
