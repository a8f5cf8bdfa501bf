import { PenstockError } from '../core/errors.ts'

/** Whatever a driver rejects with, as the poller handles it. */
export const asPenstockError = (error: unknown): PenstockError =>
  error instanceof PenstockError
    ? error
    : new PenstockError('PROTOCOL_VIOLATION', 'The answer could not be understood', { cause: error })

export const noConnection = (endpoint: string): string =>
  `There is no connection to ${endpoint} just now; the health of the source says why`
