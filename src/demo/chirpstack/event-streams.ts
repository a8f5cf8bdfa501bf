import type {
  LogItem,
  StreamDeviceEventsRequest,
  StreamGatewayFramesRequest,
} from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { Metadata, type ServerWritableStream, status } from '@grpc/grpc-js'
import type { Clock } from '../../core/clock.ts'
import { CallFault } from './call-fault.ts'
import type { EventLogs } from './event-log.ts'
import type { Faults } from './faults.ts'
import { resetStream } from './http2-stream.ts'

export type EventCall = ServerWritableStream<StreamDeviceEventsRequest, LogItem>
export type FrameCall = ServerWritableStream<StreamGatewayFramesRequest, LogItem>

/** The log of the frames of a gateway, beside those of the devices. */
export const framesOf = (gatewayId: string): string => `gw:${gatewayId}`

/** How a stream ends: in order, with a status, or by RST_STREAM with an error code of HTTP/2. */
export type StreamEnd = 'OK' | CallFault | { readonly errorCode: number }

interface OpenStream {
  readonly devEui: string
  /** Brings nothing any more. */
  leave(): void
  end(how: StreamEnd): void
}

/** The event streams that are open. Nothing that happens to a device or key later ends one. */
export class EventStreams {
  readonly #clock: Clock
  readonly #logs: EventLogs
  readonly #faults: Faults
  readonly #streams = new Set<OpenStream>()

  constructor(parts: { clock: Clock; logs: EventLogs; faults: Faults }) {
    this.#clock = parts.clock
    this.#logs = parts.logs
    this.#faults = parts.faults
  }

  /** Answers the headers at once, then what is kept of this DevEUI as it is written, then what comes. */
  open(devEui: string, call: EventCall | FrameCall): void {
    call.sendMetadata(new Metadata())
    const stream: OpenStream = {
      devEui,
      leave: () => {
        unfollow()
        this.#streams.delete(stream)
      },
      end: (how) => {
        stream.leave()
        if (how === 'OK') call.end()
        else if (how instanceof CallFault) call.emit('error', how.toResponse())
        else resetStream(call, how.errorCode)
      },
    }
    const unfollow = this.#follow(devEui, call)
    this.#streams.add(stream)
    call.on('cancelled', stream.leave)
    call.on('close', stream.leave)
    if (this.#faults.redisDown) stream.end(redisIsAway)
  }

  count(devEui?: string): number {
    return devEui === undefined ? this.#streams.size : this.#of(devEui).length
  }

  /** Ends the streams of one device, or all. */
  end(devEui: string | undefined, how: StreamEnd): void {
    for (const stream of devEui === undefined ? [...this.#streams] : this.#of(devEui)) stream.end(how)
  }

  /** Redis went away: it is read by every stream each second. */
  loseRedis(): void {
    this.end(undefined, redisIsAway)
  }

  /** The server is gone, and its timers with it. */
  endAll(): void {
    for (const stream of [...this.#streams]) stream.leave()
  }

  #of(devEui: string): OpenStream[] {
    return [...this.#streams].filter((stream) => stream.devEui === devEui)
  }

  #follow(devEui: string, call: EventCall | FrameCall): () => void {
    const { delivery } = this.#faults
    if (delivery === 'at once') return this.#logs.follow(devEui, (item) => call.write(item))

    // Reads at its own second, as ChirpStack does, but only where something can be there: no timer for a silent device.
    const opened = this.#clock.monotonic()
    let last = '0'
    let cancel: (() => void) | undefined
    const readLater = () => {
      if (cancel) return
      const sinceRead = (this.#clock.monotonic() - opened) % delivery.everyMs
      cancel = this.#clock.after(delivery.everyMs - sinceRead, read)
    }
    const read = () => {
      cancel = undefined
      const found = this.#logs.read(devEui, last, delivery.atMost)
      if (found.last === last) return
      last = found.last
      for (const item of found.items) call.write(item)
      readLater()
    }
    read()
    const unfollow = this.#logs.onAppend(devEui, readLater)
    return () => {
      unfollow()
      cancel?.()
    }
  }
}

const redisIsAway = new CallFault(status.INTERNAL, 'XREAD event stream: Connection refused (os error 111)')
