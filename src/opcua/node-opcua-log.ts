import { setDebugLogger, setErrorLogger, setWarningLogger } from 'node-opcua'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { CountedLines } from './counted-lines.ts'

/**
 * Sends what node-opcua would print, in colours, on the standard output of the process to the log, counted. Its errors
 * are warnings here: most say that a client did something wrong, and what is wrong with the server it throws.
 */
export function routeNodeOpcuaLog(log: Logger, clock: Clock = systemClock): void {
  const lines = new CountedLines(log, clock)
  const write =
    (level: 'warn' | 'debug') =>
    (where?: unknown, ...parts: unknown[]) =>
      lines.say(level, placeOf(where), parts)
  setErrorLogger(write('warn'))
  setWarningLogger(write('warn'))
  setDebugLogger(write('debug'))
}

/** A line of node-opcua's sources: there are so many of them and no more, whatever clients send. */
function placeOf(place: unknown): string {
  const { filename, callerline } = (place ?? {}) as { filename?: unknown; callerline?: unknown }
  return `${String(filename ?? 'node-opcua')}:${String(callerline ?? '')}`
}

const printing = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const

/**
 * Some places in node-opcua, such as where a password cannot be decrypted or a certificate has odd names, print without
 * its loggers, with all that an error holds. Whatever this thread prints so goes to the log, too. For a thread in which
 * nobody else prints.
 */
export function routePrinting(console: Console, log: Logger, clock: Clock): void {
  const lines = new CountedLines(log, clock)
  for (const name of printing) {
    console[name] = (...parts: unknown[]) => lines.say('warn', callerOf(new Error('a line is printed')), parts)
  }
}

/** `file:line` of whoever printed. */
const callerOf = ({ stack = '' }: Error): string =>
  /([^/\\\s()]+:\d+):\d+\)?$/.exec(stack.split('\n')[2] ?? '')?.[1] ?? 'console'
