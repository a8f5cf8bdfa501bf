import type { Actor } from './command.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Threads whose log can be set by itself, as `@engine`. */
export const logParts = ['main', 'engine', 'opcua'] as const

/** For a while, how much is logged of a part of the gateway. */
export interface LevelOverride {
  /** `source`, `source/device`, or `@part`. */
  readonly target: string
  readonly level: LogLevel
  /** When it returns to what the configuration says, milliseconds of the epoch. */
  readonly until: number
  readonly by: Pick<Actor, 'user' | 'origin'>
}
