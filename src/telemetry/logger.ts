import pino from 'pino'
import type { Clock } from '../core/clock.ts'
import type { LogLevel } from '../core/log-level.ts'
import type { Logger } from '../core/logger.ts'
import { LogLevels } from './log-levels.ts'
import { LogRing } from './log-ring.ts'
import { TraceScope } from './trace-scope.ts'

type Fields = Record<string, unknown>

/** The log of a thread, and what decides about its lines. */
export interface ThreadLog {
  readonly log: Logger
  /** How much of what is logged; can be changed while it runs. */
  readonly levels: LogLevels
  /** Lines name the span within which they are written. */
  readonly scope: TraceScope
}

/**
 * JSON lines on standard output, one an event, from whichever thread: written at once, so that the last words of a
 * thread that dies are not lost. The newest also stay in `recent`, where it is given.
 */
export function createThreadLog(level: LogLevel, thread: string, clock: Clock, recent?: SharedArrayBuffer): ThreadLog {
  const levels = new LogLevels(level, thread, clock)
  const scope = new TraceScope()
  const options: pino.LoggerOptions = {
    // `levels` decides, for each line.
    level: 'debug',
    base: { thread },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => scope.logFields(),
  }
  return { log: new LeveledLogger(pino(options, outputTo(recent)), levels, {}), levels, scope }
}

function outputTo(recent: SharedArrayBuffer | undefined): pino.DestinationStream {
  const output = pino.destination({ fd: 1, sync: true })
  if (!recent) return output
  const ring = new LogRing(recent)
  return {
    write: (line: string) => {
      ring.write(line.trimEnd())
      output.write(line)
    },
  }
}

class LeveledLogger implements Logger {
  readonly #pino: pino.Logger
  readonly #levels: LogLevels
  readonly #bindings: Fields

  constructor(logger: pino.Logger, levels: LogLevels, bindings: Fields) {
    this.#pino = logger
    this.#levels = levels
    this.#bindings = bindings
  }

  debug(fields: Fields, message: string): void {
    if (this.#levels.wants('debug', this.#bindings, fields)) this.#pino.debug(fields, message)
  }

  info(fields: Fields, message: string): void {
    if (this.#levels.wants('info', this.#bindings, fields)) this.#pino.info(fields, message)
  }

  warn(fields: Fields, message: string): void {
    if (this.#levels.wants('warn', this.#bindings, fields)) this.#pino.warn(fields, message)
  }

  error(fields: Fields, message: string): void {
    if (this.#levels.wants('error', this.#bindings, fields)) this.#pino.error(fields, message)
  }

  child(bindings: Fields): Logger {
    return new LeveledLogger(this.#pino.child(bindings), this.#levels, { ...this.#bindings, ...bindings })
  }
}
