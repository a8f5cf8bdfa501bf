import { stripVTControlCharacters } from 'node:util'
import { setDebugLogger, setErrorLogger, setWarningLogger } from 'node-opcua'
import type { Logger } from '../core/logger.ts'

/** Lines from one place in node-opcua that are logged before only every thousandth is: clients can cause them at will. */
const LOGGED_ONE_BY_ONE = 10
const THEN_EVERY = 1_000

/**
 * Sends what node-opcua would print, in colours, on the standard output of the process to the log. Its errors are
 * warnings here: most say that a client did something wrong, and what is wrong with the server it throws.
 */
export function routeNodeOpcuaLog(log: Logger): void {
  const seen = new Map<string, number>()
  const write =
    (level: 'warn' | 'debug') =>
    (place?: unknown, ...parts: unknown[]) => {
      const source = placeOf(place)
      const count = (seen.get(source) ?? 0) + 1
      seen.set(source, count)
      if (count > LOGGED_ONE_BY_ONE && count % THEN_EVERY !== 0) return
      log[level]({ source, ...(count > LOGGED_ONE_BY_ONE ? { count } : {}) }, textOf(parts))
    }
  setErrorLogger(write('warn'))
  setWarningLogger(write('warn'))
  setDebugLogger(write('debug'))
}

function placeOf(place: unknown): string {
  const { filename, callerline } = (place ?? {}) as { filename?: unknown; callerline?: unknown }
  return `${String(filename ?? 'node-opcua')}:${String(callerline ?? '')}`
}

const textOf = (parts: readonly unknown[]): string =>
  stripVTControlCharacters(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 500)
