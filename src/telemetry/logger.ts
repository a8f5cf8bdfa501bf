import pino from 'pino'
import type { Logger } from '../core/logger.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * JSON lines on standard output, one an event, from whichever thread: written at once, so that the last words of a
 * thread that dies are not lost.
 */
export function createLogger(level: LogLevel, thread: string): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { thread },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  return pino(options, pino.destination({ fd: 1, sync: true }))
}
