import { PenstockError } from '../../core/errors.ts'

/** Whatever was thrown as one of Penstock's own errors: anything else is an answer that could not be understood. */
export const asPenstockError = (error: unknown): PenstockError =>
  error instanceof PenstockError
    ? error
    : new PenstockError('PROTOCOL_VIOLATION', 'The answer could not be understood', { cause: error })
