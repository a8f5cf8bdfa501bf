import { type Alarm, type AlarmName, alarmSeverities } from '../core/alarm.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

/** Alarms that are over and still listed, the newest. */
const MOST_ENDED = 50

/** The alarms of the gateway: those that last, and the newest of those that are over. */
export class AlarmBook {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onChange: (alarm: Alarm) => void
  readonly #lasting = new Map<AlarmName, Alarm>()
  #ended: readonly Alarm[] = []

  /** `onChange` hears of each alarm when it begins and when it is over. */
  constructor(parts: { clock: Clock; log: Logger; onChange: (alarm: Alarm) => void }) {
    this.#clock = parts.clock
    this.#log = parts.log
    this.#onChange = parts.onChange
  }

  /** Those that last, the gravest first; then those that are over, the newest first. */
  list(): readonly Alarm[] {
    return [...[...this.#lasting.values()].sort((one, other) => other.severity - one.severity), ...this.#ended]
  }

  lasts(name: AlarmName): boolean {
    return this.#lasting.has(name)
  }

  /** Says how it is with something: `text` is what is wrong, and empty where nothing is. */
  say(name: AlarmName, text: string): void {
    const before = this.#lasting.get(name)
    const now = this.#clock.now()
    if (text !== '') {
      // The same alarm with another figure in its text is no other alarm.
      const alarm = { name, severity: alarmSeverities[name], text, since: before?.since ?? now, until: null }
      this.#lasting.set(name, alarm)
      if (before) return
      this.#log.error({ alarm: name, severity: alarm.severity, cause: text }, 'An alarm of the gateway begins')
      this.#onChange(alarm)
      return
    }
    if (!before) return
    const over = { ...before, until: now }
    this.#lasting.delete(name)
    this.#ended = [over, ...this.#ended].slice(0, MOST_ENDED)
    this.#log.info({ alarm: name, lastedMs: now - before.since }, 'An alarm of the gateway is over')
    this.#onChange(over)
  }
}
