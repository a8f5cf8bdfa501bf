import { PenstockError } from '../../../core/errors.ts'

export interface WireListener {
  /** What arrived: on a stream and a serial line any piece of it, on datagrams each whole. */
  data(bytes: Buffer): void
  /** Once, when the wire is gone by itself; nothing comes any more. */
  lost(cause: PenstockError): void
}

/** What carries bytes to and from one Modbus endpoint: connected or opened already, whatever it is. */
export interface Wire {
  /** `host:port`, or the path of a serial line, for messages. */
  readonly endpoint: string
  /** Called once, before the first write. */
  listen(listener: WireListener): void
  write(bytes: Buffer): void
  /** Ends it; resolves when another may be opened in its place. May be repeated. */
  close(): Promise<void>
}

export const lost = (message: string, cause?: unknown): PenstockError =>
  new PenstockError('CONNECTION_LOST', message, cause === undefined ? undefined : { cause })
