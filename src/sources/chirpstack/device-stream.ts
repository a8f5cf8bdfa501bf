import type { LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { StatusObject } from '@grpc/grpc-js'
import { Backoff } from '../../core/backoff.ts'
import { type Clock, type Milliseconds, pause } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { StreamItem } from './device-event.ts'
import type { OpenGate } from './open-gate.ts'
import { rpcError } from './rpc-error.ts'
import type { OpenedStream } from './stream-channels.ts'

const RETRY = { first: 500, most: 30_000 }
/** A stream that stood this long starts the waits small again. */
const HEALTHY_AFTER: Milliseconds = 10_000
/** A device that the server refuses does not come back by asking often; the inventory tells when it does. */
const REFUSED_RETRY: Milliseconds = 60_000

export interface DeviceStreamOptions {
  readonly devEui: string
  readonly open: (devEui: string) => OpenedStream
  readonly gate: OpenGate
  readonly clock: Clock
  readonly random: () => number
  /** How long the server may take to accept the stream. */
  readonly openTimeoutMs: Milliseconds
  /** The server accepted the stream; what it has kept comes next. */
  readonly onAccepted: () => void
  readonly onItem: (item: StreamItem) => void
  /** The stream broke, or was not accepted; it is opened again by itself. */
  readonly onBroken: (cause: PenstockError) => void
}

/** The event stream of one device, opened again with backoff whenever it ends, until `signal` aborts. */
export class DeviceStream {
  readonly #options: DeviceStreamOptions

  constructor(options: DeviceStreamOptions) {
    this.#options = options
  }

  /** Resolves once `signal` has aborted and everything is closed; never rejects. */
  async run(signal: AbortSignal, firstDelay: Milliseconds): Promise<void> {
    const { clock, random, gate, onBroken } = this.#options
    const backoff = new Backoff(RETRY, random)
    await pause(clock, firstDelay, signal)
    while (!signal.aborted) {
      const leave = await gate.enter(signal)
      if (!leave) return
      const openedAt = clock.monotonic()
      const cause = await this.#stream(signal, leave)
      leave()
      if (signal.aborted) return
      if (clock.monotonic() - openedAt >= HEALTHY_AFTER) backoff.reset()
      onBroken(cause)
      await pause(clock, cause.code === 'ACCESS_DENIED' ? REFUSED_RETRY : backoff.next(), signal)
    }
  }

  /** One stream from its opening to its end; resolves with the cause. */
  #stream(signal: AbortSignal, leaveGate: () => void): Promise<PenstockError> {
    const { devEui, open, clock, openTimeoutMs, onAccepted, onItem } = this.#options
    const what = `The event stream of ${devEui}`
    return new Promise((resolve) => {
      const { items, close } = open(devEui)
      let over = false
      const end = (cause: PenstockError) => {
        if (over) return
        over = true
        cancelTimeout()
        signal.removeEventListener('abort', aborted)
        close()
        resolve(cause)
      }
      const aborted = () => end(new PenstockError('STOPPED', `${what} was ended`))
      const cancelTimeout = clock.after(openTimeoutMs, () =>
        end(new PenstockError('TIMEOUT', `${what} was not accepted within ${openTimeoutMs} ms`)),
      )
      signal.addEventListener('abort', aborted, { once: true })
      items.on('metadata', () => {
        if (over) return
        cancelTimeout()
        leaveGate()
        onAccepted()
      })
      items.on('data', (item: LogItem) => {
        // What is dropped here was not taken, and comes again in the replay of the next stream.
        if (!over) onItem(toStreamItem(item))
      })
      items.on('error', (error) => end(rpcError(what, statusOf(error))))
      items.on('status', (status: StatusObject) => end(rpcError(what, status)))
    })
  }
}

/** gRPC's own errors are statuses; any other, a message that cannot be decoded say, has none. */
const statusOf = (error: Error): Pick<StatusObject, 'code' | 'details'> =>
  'code' in error && typeof error.code === 'number' && 'details' in error
    ? { code: error.code, details: String(error.details) }
    : { code: 13, details: error.message }

function toStreamItem(item: LogItem): StreamItem {
  return {
    id: item.getId(),
    time: item.getTime()?.toDate().getTime(),
    description: item.getDescription(),
    body: item.getBody(),
  }
}
