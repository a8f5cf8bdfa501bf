import type { Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import type { WritePermit } from '../../field-write.ts'
import type { ModbusRequest } from '../request.ts'

/** One request, and who waits for its answer. */
export interface Question {
  readonly request: ModbusRequest
  /** The request as it is asked: unit, function, data. */
  readonly adu: Buffer
  readonly timeoutMs: Milliseconds
  /** Of a write: taken when the request itself goes out, or it does not and is settled with STOPPED. */
  readonly permit?: WritePermit
  /** Called exactly once: with the ADU that provably answers, or with why there is none. */
  readonly settle: (outcome: Buffer | PenstockError) => void
}

/** Takes questions over a wire and settles each: by its answer, at its deadline, or at once when the wire is gone. */
export interface Exchange {
  ask(question: Question): void
  /** Fails what is pending and ends the wire; resolves when another may be opened in its place. May be repeated. */
  end(cause: PenstockError): Promise<void>
}

/** Why a request did not go out, where it must not any more. */
export const withheld = ({ permit }: Question): PenstockError | undefined =>
  permit?.take() === false ? new PenstockError('STOPPED', 'The request was not sent any more') : undefined

export const timeoutWords = (unitId: number, endpoint: string, timeoutMs: Milliseconds): string =>
  `Unit ${unitId} at ${endpoint} did not answer within ${Math.round(timeoutMs)} ms`
