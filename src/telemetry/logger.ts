import pino from 'pino'
import type { Logger } from '../core/logger.ts'
import { LogRing } from './log-ring.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * JSON lines on standard output, one an event, from whichever thread: written at once, so that the last words of a
 * thread that dies are not lost. The newest also stay in `recent`, where it is given.
 */
export function createLogger(level: LogLevel, thread: string, recent?: SharedArrayBuffer): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { thread },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  const output = pino.destination({ fd: 1, sync: true })
  if (!recent) return pino(options, output)
  const ring = new LogRing(recent)
  const both = {
    write: (line: string) => {
      ring.write(line.trimEnd())
      output.write(line)
    },
  }
  return pino(options, both)
}
