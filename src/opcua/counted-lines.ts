import { stripVTControlCharacters } from 'node:util'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

const WINDOW: Milliseconds = 60_000
/** Places that are told apart; a library has so many lines that print and no more. */
const MOST_PLACES = 1_000
const LONGEST = 500
/** Of bytes: as many as a thumbprint has. */
const BYTES_SHOWN = 20

interface Place {
  windowEnds: Milliseconds
  /** Lines in this window. */
  lines: number
  /** Of them, not logged and not yet told of. */
  leftOut: number
}

/**
 * What a library says, which clients can cause at will: of each place in it one line a minute; of those beyond, the
 * tenth, the hundredth and so on, and the first of a later minute, say how many were left out.
 */
export class CountedLines {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #places = new Map<string, Place>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  say(level: 'warn' | 'debug', source: string, parts: readonly unknown[]): void {
    const leftOut = this.#take(`${level} ${source}`)
    if (leftOut === undefined) return
    this.#log[level]({ source, ...(leftOut > 0 ? { leftOut } : {}) }, textOf(parts))
  }

  /** How many lines were left out before this one; undefined: this one is left out, too. */
  #take(name: string): number | undefined {
    const now = this.#clock.monotonic()
    const known = this.#places.get(name)
    if (!known && this.#places.size >= MOST_PLACES) return undefined
    const place = known ?? { windowEnds: now + WINDOW, lines: 0, leftOut: 0 }
    this.#places.set(name, place)
    if (now >= place.windowEnds) {
      place.windowEnds = now + WINDOW
      place.lines = 0
    }
    place.lines++
    if (!Number.isInteger(Math.log10(place.lines))) {
      place.leftOut++
      return undefined
    }
    const { leftOut } = place
    place.leftOut = 0
    return leftOut
  }
}

/** On one line, without colours, and without bytes that are no text. */
const textOf = (parts: readonly unknown[]): string =>
  stripVTControlCharacters(parts.map(partOf).join(' '))
    .slice(0, 4 * LONGEST)
    .replace(/\s+/g, ' ')
    .replace(/[\p{C}\uFFFD]+/gu, '?')
    .trim()
    .slice(0, LONGEST)

function partOf(part: unknown): string {
  if (part instanceof Error) return part.message
  if (part instanceof Uint8Array) return Buffer.from(part.subarray(0, BYTES_SHOWN)).toString('hex')
  const text = String(part)
  // Of what cannot say what it is, its kind: what is in it may be a secret.
  return text === '[object Object]' ? `{${(part as object).constructor?.name ?? 'object'}}` : text
}
