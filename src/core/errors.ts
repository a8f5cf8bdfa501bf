/**
 * Every error Penstock raises on purpose. The code, not the wording, is what tests and callers rely on;
 * it is part of the message so that a log line can be searched for it.
 */
export const errorCodes = {
  /** A configuration is not acceptable; the problems say where and how to mend it. */
  CONFIG_INVALID: { retryable: false },
  /** A secret that the configuration names is not in the environment. */
  SECRET_MISSING: { retryable: false },
  /** Another process owns the data folder. */
  DATA_FOLDER_LOCKED: { retryable: false },
  /** The data folder cannot be made or written. */
  DATA_FOLDER_UNUSABLE: { retryable: false },
  /** The history cannot be read now. */
  HISTORY_UNAVAILABLE: { retryable: true },
  /** A user, or a change of one, is not acceptable. */
  USER_REFUSED: { retryable: false },
  /** A database that holds what was promised cannot be read. */
  DATABASE_DAMAGED: { retryable: false },
  /** A backup could not be made or used; what was there before is as it was. */
  BACKUP_FAILED: { retryable: true },
  /** The database was written by a newer program. */
  SCHEMA_TOO_NEW: { retryable: false },
  /** No connection could be made, or it broke. */
  CONNECTION_LOST: { retryable: true },
  /** The other end did not answer in time; what it did is unknown. */
  TIMEOUT: { retryable: true },
  /** The other end answered with something that is not a valid answer to the question. */
  PROTOCOL_VIOLATION: { retryable: true },
  /** The other end refused the credentials. */
  ACCESS_DENIED: { retryable: false },
  /** The other end refused this request (Modbus exception, S7 item error); others may be fine. */
  REQUEST_REFUSED: { retryable: false },
  /** A room of the gateway is not there to answer. */
  ROOM_UNAVAILABLE: { retryable: true },
  /** The operation was ended because its owner stopped. */
  STOPPED: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>

export type ErrorCode = keyof typeof errorCodes

export class PenstockError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${message} (${code})`, options)
    this.name = 'PenstockError'
    this.code = code
  }
}

/** True where trying again later can help; the one place that knows the retry policy. */
export function isRetryable(error: unknown): boolean {
  return error instanceof PenstockError ? errorCodes[error.code].retryable : true
}

/** The message of anything that was thrown, with its causes, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`
  return `${error.message}${cause}`.replace(/\s+/g, ' ')
}
