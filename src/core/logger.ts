type Fields = Record<string, unknown>

/** The part of a structured logger that the rest of the code may use (pino fits it). */
export interface Logger {
  debug(fields: Fields, message: string): void
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
  child(bindings: Fields): Logger
}

const nothing = () => undefined

/** For places, and tests, where nobody reads the log. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}
