import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { SourceHealth } from '../core/health.ts'
import { type LevelOverride, logParts } from '../core/log-level.ts'
import type { Logger } from '../core/logger.ts'
import { nearest } from '../core/nearest.ts'
import type { LevelAnswer, LogLevelDesk, WantedLevel } from '../http/log-levels.ts'
import type { AuditLog } from '../store/audit.ts'

const DEFAULT_FOR: Milliseconds = 15 * 60_000
const LONGEST_FOR: Milliseconds = 24 * 3_600_000
const SHORTEST_FOR: Milliseconds = 1_000
/** Each costs a look at every line. */
const MOST = 32

const system: Actor = { user: 'system', origin: 'system' }

export interface LogLevelParts {
  /** All threads: these hold now, and no others. */
  readonly show: (overrides: readonly LevelOverride[]) => void
  /** What there is to name; undefined while the engine does not answer: then any name is believed. */
  readonly sources: () => Promise<readonly SourceHealth[] | undefined>
  readonly audit: Pick<AuditLog, 'append'>
  readonly clock: Clock
  readonly log: Logger
}

/** Changes for a while how much is logged of a source, a device or a part, and lets it return by itself. */
export class LogLevelBook implements LogLevelDesk {
  readonly #parts: LogLevelParts
  readonly #overrides = new Map<string, LevelOverride>()
  readonly #timers = new Map<string, () => void>()

  constructor(parts: LogLevelParts) {
    this.#parts = parts
  }

  list(): readonly LevelOverride[] {
    return [...this.#overrides.values()]
  }

  async set({ target, level, forMs = DEFAULT_FOR }: WantedLevel, by: Actor): Promise<LevelAnswer> {
    const { clock, log } = this.#parts
    const problem = this.#problemOf(target, forMs) ?? (await this.#unknown(target))
    if (problem !== undefined) return { problem }
    const before = this.#overrides.get(target)
    const override = { target, level, until: clock.now() + forMs, by: { user: by.user, origin: by.origin } }
    this.#overrides.set(target, override)
    this.#timers.get(target)?.()
    this.#timers.set(
      target,
      clock.after(forMs, () => this.#end(target, system)),
    )
    this.#parts.show(this.list())
    this.#audit('log-level.set', target, by, { level, forMs, before: before?.level })
    log.info({ target, level, forMs }, 'More or less is logged for a while')
    return { set: override }
  }

  /** False: nothing was set of it. */
  reset(target: string, by: Actor): boolean {
    if (!this.#overrides.has(target)) return false
    this.#end(target, by)
    return true
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #end(target: string, by: Actor): void {
    this.#timers.get(target)?.()
    this.#timers.delete(target)
    this.#overrides.delete(target)
    this.#parts.show(this.list())
    this.#audit('log-level.return', target, by, {})
    this.#parts.log.info({ target }, 'As much is logged again as the configuration says')
  }

  #audit(action: string, subject: string, by: Actor, details: Readonly<Record<string, unknown>>): void {
    this.#parts.audit.append({ at: this.#parts.clock.now(), by, action, subject, outcome: 'done', details })
  }

  #problemOf(target: string, forMs: Milliseconds): string | undefined {
    if (!(forMs >= SHORTEST_FOR && forMs <= LONGEST_FOR)) return `A level lasts from 1 s to 24 h, not ${forMs} ms.`
    if (this.#overrides.size < MOST || this.#overrides.has(target)) return undefined
    return `${MOST} levels are set already; let one of them return first.`
  }

  async #unknown(target: string): Promise<string | undefined> {
    if (target.startsWith('@')) {
      const known = logParts.map((part) => `@${part}`)
      return known.includes(target) ? undefined : `There is no part ${target}; there are ${known.join(', ')}.`
    }
    const sources = await this.#parts.sources()
    if (!sources) return undefined
    const [sourceKey = '', deviceKey] = target.split('/')
    const source = sources.find(({ key }) => key === sourceKey)
    if (!source) return noSuch('source', sourceKey, sources)
    if (deviceKey === undefined || source.devices.some(({ key }) => key === deviceKey)) return undefined
    return noSuch(`device of ${sourceKey}`, deviceKey, source.devices)
  }
}

function noSuch(kind: string, key: string, known: readonly { readonly key: string }[]): string {
  const meant = nearest(
    key,
    known.map((each) => each.key),
  )
  return `There is no ${kind} "${key}"${meant === undefined ? '' : `; ${meant} is one`}.`
}
