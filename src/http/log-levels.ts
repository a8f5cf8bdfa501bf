import type { Milliseconds } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import { type LevelOverride, logLevels } from '../core/log-level.ts'
import type { Answer } from './diagnosis.ts'

export type WantedLevel = Pick<LevelOverride, 'target' | 'level'> & {
  /** Absent: 15 minutes. */
  readonly forMs?: Milliseconds | undefined
}

export type LevelAnswer = { readonly set: LevelOverride } | { readonly problem: string }

/** Where it is said how much is logged of what, for a while. */
export interface LogLevelDesk {
  /** What is logged otherwise than the configuration says. */
  list(): readonly LevelOverride[]
  set(wanted: WantedLevel, by: Actor): Promise<LevelAnswer>
  /** It returns now; false: nothing was set of this target. */
  reset(target: string, by: Actor): boolean
}

/** `source`, `source/device` or `@part`. */
export const targetPattern = /^(?:@[a-z]{1,20}|[a-z0-9][a-z0-9_-]{0,62}(?:\/[a-z0-9][a-z0-9_-]{0,62})?)$/

const HOW = `Send {"target": "source", "source/device" or "@part", "level": one of ${logLevels.join(', ')}, "forMs": milliseconds}.`

/** What `penstock log-level` asks. */
export async function answerLogLevels(
  method: string,
  query: URLSearchParams,
  body: unknown,
  by: Actor,
  desk: LogLevelDesk,
): Promise<Answer> {
  if (method === 'GET') return { status: 200, body: { levels: desk.list() } }
  if (method === 'DELETE') {
    const target = query.get('target') ?? ''
    return { status: 200, body: { returned: desk.reset(target, by) } }
  }
  if (method !== 'PUT') return { status: 405, body: { error: 'Levels are asked with GET, PUT and DELETE.' } }
  const wanted = wantedOf(body)
  if (!wanted) return { status: 400, body: { error: HOW } }
  const answer = await desk.set(wanted, by)
  return 'problem' in answer ? { status: 400, body: { error: answer.problem } } : { status: 200, body: answer.set }
}

function wantedOf(body: unknown): WantedLevel | undefined {
  const { target, level, forMs } = (body ?? {}) as Readonly<Record<string, unknown>>
  const known = logLevels.find((each) => each === level)
  if (typeof target !== 'string' || !targetPattern.test(target) || !known) return undefined
  if (forMs !== undefined && typeof forMs !== 'number') return undefined
  return { target, level: known, forMs }
}
