import type { AuditEntry } from './audit.ts'
import type { Clock, Milliseconds } from './clock.ts'

/** Within this time the same thing again is only counted. */
const WINDOW: Milliseconds = 60_000
/** Different things that are told apart within a window; what comes on top is counted as one. */
const MOST_KINDS = 200

interface Counted {
  readonly entry: AuditEntry
  repeated: number
  lastAt: number
}

/**
 * Bounds what is written down of attempts that anybody can make, as often as they like (OPC 10000-2 §6.3: count rather
 * than log each): the first of its kind goes on at once; the same by the same user from the same address within a minute
 * is counted, and goes on as one entry at the end of it, with `repeated` in its details.
 */
export class AuditDigest {
  readonly #clock: Clock
  readonly #send: (entries: readonly AuditEntry[]) => void
  #counted = new Map<string, Counted>()
  #cancel: (() => void) | undefined

  constructor(parts: { clock: Clock; send: (entries: readonly AuditEntry[]) => void }) {
    this.#clock = parts.clock
    this.#send = parts.send
  }

  add(entry: AuditEntry): void {
    const key = this.#keyOf(entry)
    const known = this.#counted.get(key)
    if (known) {
      known.repeated++
      known.lastAt = entry.at
      return
    }
    const isOverflow = key === OVERFLOW
    this.#counted.set(key, { entry, repeated: isOverflow ? 1 : 0, lastAt: entry.at })
    this.#cancel ??= this.#clock.after(WINDOW, () => this.flush())
    if (!isOverflow) this.#send([entry])
  }

  /** Says what was counted, and begins anew. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const counted = this.#counted
    this.#counted = new Map()
    const repeated = [...counted].filter(([, each]) => each.repeated > 0)
    if (repeated.length > 0) this.#send(repeated.map(([key, each]) => summary(each, key === OVERFLOW)))
  }

  #keyOf({ action, subject, outcome, by }: AuditEntry): string {
    const key = JSON.stringify([action, subject, outcome, by.user, by.address])
    return this.#counted.has(key) || this.#counted.size < MOST_KINDS ? key : OVERFLOW
  }
}

const OVERFLOW = ''

function summary({ entry, repeated, lastAt }: Counted, isOverflow: boolean): AuditEntry {
  const { at, by, action, subject, outcome } = entry
  if (!isOverflow)
    return { at: lastAt, by, action, subject, outcome, details: { ...entry.details, repeated, since: at } }
  const { origin } = by
  return {
    at: lastAt,
    by: { user: 'system', origin },
    action: 'audit.more',
    subject: '',
    outcome,
    details: { repeated, since: at },
  }
}
