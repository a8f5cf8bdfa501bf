import type { ModbusRequest } from '../request.ts'

export interface LineListener {
  /** A whole frame whose check sum is right: unit, function and data of it, and all its bytes. */
  frame(adu: Buffer, frame: Buffer): void
  /** Bytes begin that are no frame. */
  noise(): void
  /** These bytes came before whatever comes next, and were no frame; of very many the first. */
  skipped(bytes: Buffer): void
}

/** Finds frames in what a serial line brings. Nothing on a line says which request a frame belongs to. */
export interface LineReader {
  /** What was sent, and so what is expected, from now on; everything before is thrown away. */
  expect(request: ModbusRequest, sent: Buffer): void
  push(bytes: Buffer): void
  /** The line has been silent for longer than there may be within a frame. */
  silent(): void
  /** Throws away what is no frame yet. */
  clear(): void
}

/** Of what is no frame, as much as is handed out: more than the longest frame has. */
export const MOST_SKIPPED = 600

/** How a request becomes bytes on a line, and bytes become frames. */
export interface LineFraming {
  encode(adu: Buffer): Buffer
  /** Characters on the line for an ADU of so many bytes. */
  charactersOf(aduBytes: number): number
  reader(listener: LineListener): LineReader
}
