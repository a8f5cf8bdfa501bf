/** What a received frame was worth to the connection: an answer, one to nothing that is asked, or none at all. */
export type FrameWorth = 'answer' | 'stray' | 'invalid'

/** Where a connection shows what goes over it. Bytes are only valid during the call. */
export interface FrameTap {
  sent(frame: Uint8Array): void
  received(frame: Uint8Array, worth: FrameWorth): void
  /** What no frame says: connected, timed out, lost. */
  noted(text: string): void
}

/** For connections that nobody watches. */
export const noTap: FrameTap = {
  sent: () => undefined,
  received: () => undefined,
  noted: () => undefined,
}
