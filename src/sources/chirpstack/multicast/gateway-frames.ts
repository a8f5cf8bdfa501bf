import type { LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { ClientReadableStream } from '@grpc/grpc-js'
import type { MulticastApi } from './multicast-api.ts'
import { type SentFrame, sentFrameOf } from './sent-frame.ts'

/** Streams at once: they share a connection with the calls, of which proxies allow a hundred. */
export const MOST_WATCHED = 20
/** A frame can be told of before the answer to Enqueue says its counter. */
const MOST_KEPT = 200

/**
 * The downlinks that gateways say they have sent, of as many gateways as are asked for just now. A stream that ends is
 * opened again at the next `watch`.
 */
export class GatewayFrames {
  readonly #onFrame: (frame: SentFrame) => void
  readonly #streams = new Map<string, ClientReadableStream<LogItem>>()
  readonly #kept: SentFrame[] = []

  constructor(onFrame: (frame: SentFrame) => void) {
    this.#onFrame = onFrame
  }

  /** Told of lately, the oldest first. */
  get kept(): readonly SentFrame[] {
    return this.#kept
  }

  /** From now on frames of these gateways are told, and no others'. */
  watch(gateways: ReadonlySet<string>, api: Pick<MulticastApi, 'frames'>): void {
    for (const [gateway, stream] of this.#streams) if (!gateways.has(gateway)) this.#end(gateway, stream)
    for (const gateway of gateways) {
      if (this.#streams.size >= MOST_WATCHED) return
      if (!this.#streams.has(gateway)) this.#open(gateway, api)
    }
  }

  stop(): void {
    for (const [gateway, stream] of this.#streams) this.#end(gateway, stream)
    this.#kept.length = 0
  }

  #open(gateway: string, api: Pick<MulticastApi, 'frames'>): void {
    const stream = api.frames(gateway)
    this.#streams.set(gateway, stream)
    const ended = () => {
      if (this.#streams.get(gateway) === stream) this.#streams.delete(gateway)
    }
    stream.on('data', (item: LogItem) => {
      const frame = sentFrameOf(gateway, item.getBody(), item.getTime()?.toDate().getTime())
      if (frame) this.#take(frame)
    })
    // What is not seen is said to be unknown, so that a stream that breaks or is refused costs no truth.
    stream.on('error', ended)
    stream.on('end', ended)
  }

  #take(frame: SentFrame): void {
    this.#kept.push(frame)
    if (this.#kept.length > MOST_KEPT) this.#kept.shift()
    this.#onFrame(frame)
  }

  #end(gateway: string, stream: ClientReadableStream<LogItem>): void {
    this.#streams.delete(gateway)
    stream.cancel()
  }
}
