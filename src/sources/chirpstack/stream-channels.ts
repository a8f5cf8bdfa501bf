import { InternalServiceClient } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb, { type LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { ClientReadableStream, Metadata } from '@grpc/grpc-js'
import type { Endpoint } from './endpoint.ts'

/** Proxies commonly allow 100 streams a connection; the next ones wait for ever, without an error. */
const STREAMS_A_CHANNEL = 90

interface Shard {
  readonly client: InternalServiceClient
  streams: number
}

export interface OpenedStream {
  readonly items: ClientReadableStream<LogItem>
  /** Ends the stream, if it has not ended, and gives its place back; safe to repeat. */
  readonly close: () => void
}

/**
 * Opens event streams on as many channels as they need. A channel whose last stream is gone is closed, so that
 * the next attempt connects anew and does not wait for gRPC's own, growing, pauses between attempts.
 */
export class StreamChannels {
  readonly #endpoint: Endpoint
  readonly #metadata: Metadata
  readonly #shards = new Set<Shard>()

  constructor(endpoint: Endpoint, metadata: Metadata) {
    this.#endpoint = endpoint
    this.#metadata = metadata
  }

  /** `devEui` in lower case: for upper case ChirpStack opens a stream in which nothing ever comes. */
  open(devEui: string): OpenedStream {
    const shard = this.#roomy()
    shard.streams++
    const request = new internalPb.StreamDeviceEventsRequest()
    request.setDevEui(devEui)
    const items = shard.client.streamDeviceEvents(request, this.#metadata)
    let open = true
    const close = () => {
      if (!open) return
      open = false
      items.cancel()
      shard.streams--
      if (shard.streams > 0) return
      this.#shards.delete(shard)
      shard.client.close()
    }
    return { items, close }
  }

  #roomy(): Shard {
    for (const shard of this.#shards) if (shard.streams < STREAMS_A_CHANNEL) return shard
    const { target, credentials, options } = this.#endpoint
    const shard = { client: new InternalServiceClient(target, credentials, options), streams: 0 }
    this.#shards.add(shard)
    return shard
  }
}
