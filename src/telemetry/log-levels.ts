import type { Clock, Milliseconds } from '../core/clock.ts'
import { type LevelOverride, type LogLevel, logLevels } from '../core/log-level.ts'

type Fields = Readonly<Record<string, unknown>>

interface Rule {
  readonly rank: number
  readonly until: Milliseconds
}

/**
 * How much a thread logs: what the configuration says, and for a while something else of one source, device or the
 * whole thread. The narrower decides: a device before its source, that before the thread.
 */
export class LogLevels {
  readonly #base: number
  readonly #part: string
  readonly #clock: Clock
  readonly #rules = new Map<string, Rule>()

  /** `thread`: its name, of which `@name` is the target. */
  constructor(base: LogLevel, thread: string, clock: Clock) {
    this.#base = logLevels.indexOf(base)
    this.#part = `@${thread}`
    this.#clock = clock
  }

  /** These hold now, each until its time is over, and no others. */
  show(overrides: readonly LevelOverride[]): void {
    this.#rules.clear()
    for (const { target, level, until } of overrides) {
      // The keys of devices are unique in the plant, and not every line that names one names its source.
      const device = target.split('/')[1]
      this.#rules.set(device === undefined ? target : `/${device}`, { rank: logLevels.indexOf(level), until })
    }
  }

  /** Whether a line of this level is logged; `bindings` and `fields` say what it is about. */
  wants(level: LogLevel, bindings: Fields, fields: Fields): boolean {
    const rank = logLevels.indexOf(level)
    if (this.#rules.size === 0) return rank >= this.#base
    const { device = bindings.device, source = bindings.source } = fields
    const rule = this.#of(`/${String(device)}`) ?? this.#of(String(source)) ?? this.#of(this.#part)
    return rank >= (rule?.rank ?? this.#base)
  }

  #of(target: string): Rule | undefined {
    const rule = this.#rules.get(target)
    if (!rule || this.#clock.now() < rule.until) return rule
    this.#rules.delete(target)
    return undefined
  }
}
