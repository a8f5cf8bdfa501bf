import type { FrameTrace, SourceDiagnostics } from '../core/diagnostics.ts'
import { PenstockError } from '../core/errors.ts'

/** What is asked of the engine; both reject with ROOM_UNAVAILABLE or TIMEOUT while it does not answer. */
export interface Diagnosis {
  diagnostics(source?: string): Promise<readonly SourceDiagnostics[]>
  /** null: nothing is traced of this source. */
  frames(source: string, after: number): Promise<FrameTrace | null>
}

export interface Answer {
  readonly status: number
  readonly body: object
}

/**
 * `/diagnostics`, `/diagnostics/<source>` and `/diagnostics/<source>/frames?after=<number>`; undefined for any other
 * path. 404 names what is not there, 503 says that the engine does not answer.
 */
export async function answerDiagnosis(
  path: string,
  query: URLSearchParams,
  diagnosis: Diagnosis,
): Promise<Answer | undefined> {
  const [, root, source, frames, more] = path.split('/')
  if (root !== 'diagnostics' || more !== undefined || (frames !== undefined && frames !== 'frames')) return undefined
  try {
    if (source === undefined) return { status: 200, body: { sources: await diagnosis.diagnostics() } }
    const [found] = await diagnosis.diagnostics(source)
    if (!found) return { status: 404, body: { error: `There is no source with the key "${source}".` } }
    if (frames === undefined) return { status: 200, body: found }
    const after = Number(query.get('after') ?? 0)
    if (!Number.isSafeInteger(after) || after < 0) {
      return { status: 400, body: { error: 'after is the number of a frame, a whole number from 0.' } }
    }
    const trace = await diagnosis.frames(source, after)
    if (trace) return { status: 200, body: trace }
    return { status: 404, body: { error: `The source "${source}" runs no connection whose frames are kept.` } }
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error
    return { status: 503, body: { error: 'The engine does not answer just now; ask again.' } }
  }
}
