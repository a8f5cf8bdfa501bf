import type { LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { StatusObject } from '@grpc/grpc-js'
import { Backoff } from '../../core/backoff.ts'
import { type Clock, type Milliseconds, pause } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { StreamItem } from './device-event.ts'
import type { OpenGate } from './open-gate.ts'
import { isCut, rpcError } from './rpc-error.ts'
import type { OpenedStream } from './stream-channels.ts'

const RETRY = { first: 500, most: 15_000 }
/** A stream that stood this long starts the waits small again. */
const HEALTHY_AFTER: Milliseconds = 10_000
/**
 * Proxies cut a stream in which nothing came for a while (nginx: 60 s). One that stood and is accepted again within this
 * time was not lost: what ChirpStack kept meanwhile comes with it.
 */
const GRACE: Milliseconds = 5_000
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
  /** It was cut, as proxies do, and is opened again at once; only if that fails it counts as broken. */
  readonly onCut: () => void
}

interface Ending {
  readonly cause: PenstockError
  /** How long the server had accepted it; 0: it never did. */
  readonly stood: Milliseconds
}

/** The event stream of one device, opened again with backoff whenever it ends, until `signal` aborts. */
export class DeviceStream {
  readonly #options: DeviceStreamOptions
  #cancelGrace: (() => void) | undefined

  constructor(options: DeviceStreamOptions) {
    this.#options = options
  }

  /** Resolves once `signal` has aborted and everything is closed; never rejects. */
  async run(signal: AbortSignal, firstDelay: Milliseconds): Promise<void> {
    const { clock, random, gate, onBroken, onCut } = this.#options
    const backoff = new Backoff(RETRY, random)
    await pause(clock, firstDelay, signal)
    while (!signal.aborted) {
      const leave = await gate.enter(signal)
      if (!leave) break
      const { cause, stood } = await this.#stream(signal, leave)
      leave()
      if (signal.aborted) break
      if (stood >= HEALTHY_AFTER) backoff.reset()
      this.#endGrace()
      if (stood >= HEALTHY_AFTER && isCut(cause)) {
        this.#withhold(cause)
        onCut()
      } else onBroken(cause)
      await pause(clock, cause.code === 'ACCESS_DENIED' ? REFUSED_RETRY : backoff.next(), signal)
    }
    this.#endGrace()
  }

  /** Tells of the break after all unless the stream is accepted again in time. */
  #withhold(cause: PenstockError): void {
    const { clock, onBroken } = this.#options
    this.#cancelGrace = clock.after(GRACE, () => {
      this.#cancelGrace = undefined
      onBroken(cause)
    })
  }

  #endGrace(): void {
    this.#cancelGrace?.()
    this.#cancelGrace = undefined
  }

  /** One stream from its opening to its end; resolves with the cause, and how long it stood. */
  #stream(signal: AbortSignal, leaveGate: () => void): Promise<Ending> {
    const { devEui, open, clock, openTimeoutMs, onAccepted, onItem } = this.#options
    const what = `The event stream of ${devEui}`
    return new Promise((resolve) => {
      const { items, close } = open(devEui)
      let over = false
      let acceptedAt: Milliseconds | undefined
      const end = (cause: PenstockError) => {
        if (over) return
        over = true
        cancelTimeout()
        signal.removeEventListener('abort', aborted)
        close()
        resolve({ cause, stood: acceptedAt === undefined ? 0 : clock.monotonic() - acceptedAt })
      }
      const aborted = () => end(new PenstockError('STOPPED', `${what} was ended`))
      const cancelTimeout = clock.after(openTimeoutMs, () =>
        end(new PenstockError('TIMEOUT', `${what} was not accepted within ${openTimeoutMs} ms`)),
      )
      signal.addEventListener('abort', aborted, { once: true })
      items.on('metadata', () => {
        if (over) return
        acceptedAt = clock.monotonic()
        cancelTimeout()
        this.#endGrace()
        leaveGate()
        onAccepted()
      })
      items.on('data', (item: LogItem) => {
        // What is dropped here was not taken, and comes again in the replay of the next stream.
        if (!over) onItem(toStreamItem(item))
      })
      items.on('error', (error) => end(rpcError(what, statusOf(error), 'stream')))
      items.on('status', (status: StatusObject) => end(rpcError(what, status, 'stream')))
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
