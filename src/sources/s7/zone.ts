import type { Milliseconds } from '../../core/clock.ts'

const DAY: Milliseconds = 86_400_000

/**
 * The zone in which a CPU's clock is set, since a DATE_AND_TIME or DTL does not say it. An hour that comes twice when the
 * clocks go back is the first of the two; one that they leave out when they go forward is read as if they had not.
 */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined
  /** Of the last day asked for: a CPU's times mostly lie on the same one. */
  #day = Number.NaN
  #before: Milliseconds = 0
  #after: Milliseconds = 0

  /** `name` as in the IANA database; throws RangeError for one that is not known. */
  constructor(name: string) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    this.#format = name === 'UTC' ? undefined : format
  }

  /** The instant at which clocks of the zone show `local`, which is a time of such a clock as if it were UTC. */
  epochOf(local: Milliseconds): Milliseconds {
    if (!this.#format) return local
    const day = Math.floor(local / DAY)
    if (day !== this.#day) {
      this.#day = day
      this.#before = this.#offsetAt((day - 1) * DAY)
      this.#after = this.#offsetAt((day + 2) * DAY)
    }
    const first = local - this.#before
    if (this.#before === this.#after || this.#offsetAt(first) === this.#before) return first
    const second = local - this.#after
    return this.#offsetAt(second) === this.#after ? second : first
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
