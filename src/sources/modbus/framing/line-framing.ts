import type { ReadRequest } from '../read-request.ts'

export interface LineListener {
  /** A whole frame whose check sum is right: unit, function, data. */
  frame(adu: Buffer): void
  /** Bytes begin that are no frame. */
  noise(): void
}

/** Finds frames in what a serial line brings. Nothing on a line says which request a frame belongs to. */
export interface LineReader {
  /** What was sent, and so what is expected, from now on; everything before is thrown away. */
  expect(request: ReadRequest, sent: Buffer): void
  push(bytes: Buffer): void
  /** The line has been silent for longer than there may be within a frame. */
  silent(): void
  /** Throws away what is no frame yet. */
  clear(): void
}

/** How a request becomes bytes on a line, and bytes become frames. */
export interface LineFraming {
  encode(adu: Buffer): Buffer
  /** Characters on the line for an ADU of so many bytes. */
  charactersOf(aduBytes: number): number
  reader(listener: LineListener): LineReader
}
