import { stripVTControlCharacters } from 'node:util'
import { setDebugLogger, setErrorLogger, setWarningLogger } from 'node-opcua'
import { type Clock, type Milliseconds, systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

/** Lines from one place in node-opcua that are logged within `WINDOW`: clients can cause them at will. */
const LOGGED_IN_WINDOW = 10
const WINDOW: Milliseconds = 60_000

interface Place {
  windowEnds: Milliseconds
  /** Lines in this window. */
  lines: number
  /** Of them, not logged and not yet told of. */
  leftOut: number
}

/**
 * Sends what node-opcua would print, in colours, on the standard output of the process to the log. Its errors are
 * warnings here: most say that a client did something wrong, and what is wrong with the server it throws.
 *
 * Ten lines a minute from each place; of those beyond, the hundredth, the thousandth and so on, and the next line of a
 * later minute, say how many were left out.
 */
export function routeNodeOpcuaLog(log: Logger, clock: Clock = systemClock): void {
  const places = new Map<string, Place>()
  const write =
    (level: 'warn' | 'debug') =>
    (where?: unknown, ...parts: unknown[]) => {
      const source = placeOf(where)
      const leftOut = takeLine(places, source, clock.monotonic())
      if (leftOut === undefined) return
      log[level]({ source, ...(leftOut > 0 ? { leftOut } : {}) }, textOf(parts))
    }
  setErrorLogger(write('warn'))
  setWarningLogger(write('warn'))
  setDebugLogger(write('debug'))
}

/** How many lines were left out before this one; undefined: this one is left out, too. */
function takeLine(places: Map<string, Place>, source: string, now: Milliseconds): number | undefined {
  const place = places.get(source) ?? { windowEnds: now + WINDOW, lines: 0, leftOut: 0 }
  places.set(source, place)
  if (now >= place.windowEnds) {
    place.windowEnds = now + WINDOW
    place.lines = 0
  }
  place.lines++
  if (place.lines > LOGGED_IN_WINDOW && !Number.isInteger(Math.log10(place.lines))) {
    place.leftOut++
    return undefined
  }
  const { leftOut } = place
  place.leftOut = 0
  return leftOut
}

/** A line of node-opcua's sources: there are so many of them and no more, whatever clients send. */
function placeOf(place: unknown): string {
  const { filename, callerline } = (place ?? {}) as { filename?: unknown; callerline?: unknown }
  return `${String(filename ?? 'node-opcua')}:${String(callerline ?? '')}`
}

const textOf = (parts: readonly unknown[]): string =>
  stripVTControlCharacters(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 500)
