import type { Milliseconds } from '../../../core/clock.ts'
import type { PenstockError } from '../../../core/errors.ts'
import type { ReadRequest } from '../read-request.ts'

/** One request, and who waits for its answer. */
export interface Question {
  readonly request: ReadRequest
  /** The request as it is asked: unit, function, data. */
  readonly adu: Buffer
  readonly timeoutMs: Milliseconds
  /** Called exactly once: with the ADU that provably answers, or with why there is none. */
  readonly settle: (outcome: Buffer | PenstockError) => void
}

/** Takes questions over a wire and settles each: by its answer, at its deadline, or at once when the wire is gone. */
export interface Exchange {
  ask(question: Question): void
  /** Fails what is pending and ends the wire; resolves when another may be opened in its place. May be repeated. */
  end(cause: PenstockError): Promise<void>
}

export const timeoutWords = (unitId: number, endpoint: string, timeoutMs: Milliseconds): string =>
  `Unit ${unitId} at ${endpoint} did not answer within ${Math.round(timeoutMs)} ms`
