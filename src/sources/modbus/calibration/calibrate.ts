import type { Milliseconds } from '../../../core/clock.ts'
import { isBitArea, LAST_ADDRESS } from '../address.ts'
import { CalibrationEnd, CarefulReader, type CarefulReaderOptions, type Span } from './careful-reader.ts'

/** Consecutive addresses that exist, with the values that lie there: none of them is read in part. */
export interface KnownRange extends Span {
  readonly items: readonly Span[]
}

/** What a device was found to bear; what could not be found out is absent. */
export interface Calibration {
  readonly requests: number
  /** Milliseconds from sending to the answer, of the largest block that is read. */
  readonly roundTrip?: { readonly p50: Milliseconds; readonly p99: Milliseconds }
  /** Between an answer and the next request. */
  readonly pauseMs?: Milliseconds
  readonly registers?: BlockLimit
  readonly bits?: BlockLimit
  /** The widest hole between values that can be read along with them, and the narrowest that cannot. */
  readonly gap?: { readonly readable?: number; readonly unreadable?: number }
  /** Requests that may be under way at once. */
  readonly window?: number
  /** What asking for several at once brings; absent where it does not bear that. */
  readonly pace?: Pace
  /** Why it ended early. */
  readonly endedBecause?: string
}

/** How fast answers come, in milliseconds for each: one after the other, and with a window. */
export interface Pace {
  readonly alone: Milliseconds
  /** The smallest window of which a larger one would bring little more; 1 where the device does one after the other. */
  readonly window: number
  readonly together: Milliseconds
  /** From sending to the last answer of a full window. */
  readonly slowest: Milliseconds
}

export interface BlockLimit {
  /** The most that was read at once. */
  readonly largest: number
  /** One more was not answered although every address exists: it is the device's limit, not the map's. */
  readonly isLimit: boolean
}

/** MODBUS Application Protocol V1.1b3 §6.1 and §6.3. */
const MOST_BITS = 2_000
const MOST_REGISTERS = 125
/** Answers in a row that prove a pause. */
const PROOF = 10
const PAUSES: readonly Milliseconds[] = [0, 1, 2, 5, 10, 20, 50, 100, 200]
const WINDOWS = [2, 4, 8, 16] as const
const ROUNDS = 3
/** How much faster answers must come for a larger window to be worth it. */
const WORTH = 1.25
const MOST_GAPS = 8
const TIMED_READS = 20

/**
 * Finds out what a device bears by reading what exists there: carefully (one request at a time, with long pauses until
 * shorter ones are proved; after any silence it makes sure that the device is well before going on, and ends if it is
 * not) and never writing. `ranges` are not empty. `say` is told each step before it begins. Rejects with what `connect`
 * rejects with at the first connection.
 */
export async function calibrate(
  options: CarefulReaderOptions & { readonly ranges: readonly KnownRange[]; readonly say: (step: string) => void },
): Promise<Calibration> {
  const reader = new CarefulReader(options)
  const steps = new Steps(reader, options.ranges, options.say)
  try {
    await steps.all()
    return { ...steps.found, requests: reader.requests }
  } catch (error) {
    if (!(error instanceof CalibrationEnd)) throw error
    return { ...steps.found, requests: reader.requests, endedBecause: error.message }
  } finally {
    await reader.close()
  }
}

type Found = { -readonly [Key in keyof Omit<Calibration, 'requests'>]: Calibration[Key] }

class Steps {
  readonly found: Found = {}
  readonly #reader: CarefulReader
  readonly #ranges: readonly KnownRange[]
  readonly #say: (step: string) => void
  /** Answered at the beginning; asked for whenever the device may be unwell. */
  readonly #anchor: Span

  constructor(reader: CarefulReader, ranges: readonly KnownRange[], say: (step: string) => void) {
    this.#reader = reader
    this.#ranges = ranges
    this.#say = say
    const [first] = ranges as readonly [KnownRange]
    this.#anchor = first.items[0] ?? { ...first, count: 1 }
  }

  async all(): Promise<void> {
    await this.#meet()
    await this.#findPause()
    for (const bits of [false, true]) await this.#findLargest(bits)
    await this.#findGap()
    await this.#findWindow()
    await this.#time()
  }

  async #meet(): Promise<void> {
    const { area, start } = this.#anchor
    this.#say(`reading ${area}:${start} a few times, ${this.#reader.pauseMs} ms apart`)
    for (let time = 0; time < 5; time++) {
      const outcome = await this.#reader.ask(this.#anchor)
      if (outcome.kind === 'answered') continue
      const why = outcome.kind === 'refused' ? `with exception ${outcome.exceptionCode}` : `(${outcome.why})`
      const verb = outcome.kind === 'refused' ? 'is refused' : 'is not answered'
      throw new CalibrationEnd(`${area}:${start} ${verb} ${why}: nothing can be measured with it`)
    }
  }

  /** The shortest pause with which all is answered; longer ones are taken to work too. */
  async #findPause(): Promise<void> {
    this.#say('shortening the pause between requests')
    let low = 0
    let high = PAUSES.length - 1
    if (await this.#bears(PAUSES[0]!)) high = 0
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (await this.#bears(PAUSES[middle]!)) high = middle
      else low = middle
    }
    this.found.pauseMs = PAUSES[high]!
    this.#reader.pauseMs = PAUSES[high]!
  }

  async #bears(pauseMs: Milliseconds): Promise<boolean> {
    this.#reader.pauseMs = pauseMs
    for (let time = 0; time < PROOF; time++) {
      if ((await this.#answers(this.#anchor)) === false) return false
    }
    return true
  }

  /** Whether this is answered with its data; after silence the device was proved to be well again. */
  async #answers(span: Span): Promise<boolean> {
    const outcome = await this.#reader.ask(span)
    if (outcome.kind === 'silent') await this.#reader.recover(this.#anchor)
    return outcome.kind === 'answered'
  }

  /** Of all ranges, the largest block; known to be the limit where one of them shows it. */
  async #findLargest(bits: boolean): Promise<void> {
    const longest = this.#longest(bits)
    if (!longest) return
    this.#say(`reading ever longer blocks from ${longest.area}:${longest.start}`)
    const limit = await this.#limitIn(longest, bits ? MOST_BITS : MOST_REGISTERS)
    if (bits) this.found.bits = limit
    else this.found.registers = limit
  }

  #longest(bits: boolean): KnownRange | undefined {
    const ranges = this.#ranges.filter(({ area }) => isBitArea(area) === bits)
    return ranges.toSorted((a, b) => b.count - a.count)[0]
  }

  async #limitIn(range: KnownRange, most: number): Promise<BlockLimit> {
    const { area, start } = range
    const room = Math.min(most, LAST_ADDRESS + 1 - start)
    let good = (range.items[0] ?? this.#anchor).count
    let bad: number | undefined
    while (good < room && bad === undefined) {
      const wanted = Math.min(good * 2, room)
      const next = wanted > range.count && good < range.count ? range.count : wanted
      // Beyond what is known to exist, an address is proved by itself first.
      if (next > range.count && !(await this.#answers({ area, start: start + next - 1, count: 1 }))) bad = next
      else if (await this.#answers({ area, start, count: next })) good = next
      else bad = next
    }
    while (bad !== undefined && bad - good > 1) {
      const middle = (good + bad) >> 1
      if (await this.#answers({ area, start, count: middle })) good = middle
      else bad = middle
    }
    if (bad === undefined) return { largest: good, isLimit: false }
    const isLimit = good < range.count || (await this.#answers({ area, start: start + good, count: 1 }))
    return { largest: good, isLimit }
  }

  /** Reads across the holes between what is known, the narrowest first, until one cannot be read. */
  async #findGap(): Promise<void> {
    const largest = (area: Span['area']) => (isBitArea(area) ? this.found.bits : this.found.registers)?.largest ?? 0
    // What must not be read says nothing about holes that may be.
    const gaps = holes(this.#ranges, largest, (across) => !this.#reader.isForbidden(across))
    if (gaps.length === 0) return
    this.#say(
      `reading across ${gaps.length === 1 ? 'a hole' : `${gaps.length} holes`} between tags, the narrowest first`,
    )
    for (const { width, across } of gaps) {
      const answered = await this.#answers(across)
      this.found.gap = { ...this.found.gap, ...(answered ? { readable: width } : { unreadable: width }) }
      if (!answered) return
    }
  }

  /** How many requests may be under way at once; a device that needs a pause takes one at a time. */
  async #findWindow(): Promise<void> {
    this.found.window = 1
    if (this.found.pauseMs !== 0 || this.#reader.mostAtOnce === 1) return
    this.#say('sending several requests at once')
    const alone = await this.#fastest(1)
    if (alone === undefined) return
    for (const window of WINDOWS.filter((each) => each <= this.#reader.mostAtOnce)) {
      const slowest = await this.#fastest(window)
      if (slowest === undefined) return
      this.found.window = window
      const together = slowest / window
      const { pace = { alone, window: 1, together: alone, slowest: alone } } = this.found
      this.found.pace = together * WORTH <= pace.together ? { alone, window, together, slowest } : pace
    }
  }

  /** How long a full window takes to be answered, of a few the shortest; undefined where one was not answered. */
  async #fastest(window: number): Promise<Milliseconds | undefined> {
    let fastest = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = await this.#reader.askAtOnce(this.#anchor, window)
      const times = outcomes.flatMap((outcome) => (outcome.kind === 'answered' ? [outcome.took] : []))
      if (times.length < outcomes.length) {
        await this.#reader.recover(this.#anchor)
        return undefined
      }
      fastest = Math.min(fastest, Math.max(...times))
    }
    return fastest
  }

  async #time(): Promise<void> {
    const range = this.#longest(false) ?? this.#longest(true)
    const count = (this.found.registers ?? this.found.bits)?.largest
    if (!range || count === undefined) return
    const span = { area: range.area, start: range.start, count }
    this.#say(`timing ${TIMED_READS} reads of ${span.count} ${isBitArea(span.area) ? 'bits' : 'registers'}`)
    const times: Milliseconds[] = []
    while (times.length < TIMED_READS) {
      const outcome = await this.#reader.ask(span)
      if (outcome.kind === 'answered') times.push(outcome.took)
      else if (outcome.kind === 'silent') await this.#reader.recover(this.#anchor)
      else return
    }
    times.sort((a, b) => a - b)
    // Of so few, the slowest stands for the 99th percentile.
    this.found.roundTrip = { p50: times[TIMED_READS >> 1]!, p99: times.at(-1)! }
  }
}

interface Hole {
  readonly width: number
  /** From the value before it to the one behind it. */
  readonly across: Span
}

/** One hole of each width that a block can span, the narrowest first. */
function holes(
  ranges: readonly KnownRange[],
  largest: (area: Span['area']) => number,
  mayRead: (across: Span) => boolean,
): Hole[] {
  const byWidth = new Map<number, Hole>()
  for (const range of ranges) {
    const next = ranges
      .filter(({ area, start }) => area === range.area && start >= range.start + range.count)
      .toSorted((a, b) => a.start - b.start)[0]
    if (!next) continue
    const before = range.items.at(-1) ?? { ...range, start: range.start + range.count - 1, count: 1 }
    const behind = next.items[0] ?? { ...next, count: 1 }
    const count = behind.start + behind.count - before.start
    const width = next.start - (range.start + range.count)
    const across = { area: range.area, start: before.start, count }
    if (count <= largest(range.area) && mayRead(across)) byWidth.set(width, { width, across })
  }
  return [...byWidth.values()].toSorted((a, b) => a.width - b.width).slice(0, MOST_GAPS)
}
