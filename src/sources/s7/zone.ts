import type { Milliseconds } from '../../core/clock.ts'

const DAY: Milliseconds = 86_400_000
const MOST_DAYS = 1_000

/** How far the zone's clocks are ahead of UTC before a day begins, and after it has ended. */
interface Offsets {
  readonly before: Milliseconds
  readonly after: Milliseconds
}

/**
 * The zone in which a CPU's clock is set, since a DATE_AND_TIME or DTL does not say it. An hour that comes twice when the
 * clocks go back is the first of the two; one that they leave out when they go forward is read as if they had not.
 */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined
  /** By day: asking Intl costs more than all the rest of a reading. */
  readonly #offsets = new Map<number, Offsets>()

  /** `name` as in the IANA database; throws RangeError for one that is not known. */
  constructor(name: string) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    this.#format = name === 'UTC' ? undefined : format
  }

  /** The instant at which clocks of the zone show `local`, which is a time of such a clock as if it were UTC. */
  epochOf(local: Milliseconds): Milliseconds {
    if (!this.#format) return local
    const { before, after } = this.#around(Math.floor(local / DAY))
    const first = local - before
    if (before === after || this.#offsetAt(first) === before) return first
    const second = local - after
    return this.#offsetAt(second) === after ? second : first
  }

  /** What clocks of the zone show at an instant, as if it were UTC. */
  localOf(instant: Milliseconds): Milliseconds {
    return this.#format ? instant + this.#offsetAt(instant) : instant
  }

  #around(day: number): Offsets {
    const known = this.#offsets.get(day)
    if (known) return known
    if (this.#offsets.size === MOST_DAYS) this.#offsets.clear()
    const offsets = { before: this.#offsetAt((day - 1) * DAY), after: this.#offsetAt((day + 2) * DAY) }
    this.#offsets.set(day, offsets)
    return offsets
  }

  /** How far the zone's clocks are ahead of UTC at an instant. */
  #offsetAt(instant: Milliseconds): Milliseconds {
    const parts = this.#format?.formatToParts(instant) ?? []
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? []
    const ahead = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
    return sign === '-' ? -ahead : ahead
  }
}
