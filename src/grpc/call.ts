import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall, Metadata } from '@grpc/grpc-js'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Caller } from './authority.ts'
import { statusOf } from './call-error.ts'
import type { StreamQuota } from './stream-quota.ts'

/** A client that takes nothing of a stream for so long is cut off. */
const GIVE_UP_AFTER: Milliseconds = 60_000

/** The call is over: nobody waits for the rest. */
export class CallOver extends Error {}

/** A call that somebody makes who may. */
export interface Call<Request> {
  readonly request: Request
  readonly caller: Caller
  /** What the client calls itself. */
  readonly client: string
  /** Aborted when the call is over: done, cancelled, or past its deadline. */
  readonly signal: AbortSignal
}

export interface StreamCall<Request, Response> extends Call<Request> {
  /** Resolves when the client has taken the message or has room for it; rejects with CallOver. */
  readonly send: (message: Response) => Promise<void>
}

export interface CallsParts {
  readonly clock: Clock
  readonly log: Logger
  readonly quota: StreamQuota
  /** Who makes the call with this metadata. Set before its handler is called. */
  readonly callers: WeakMap<Metadata, Caller>
  /** Ends the connection of a client, as a call names it. */
  readonly drop: (peer: string) => void
}

/** Makes handlers of what the services do: with who calls, an end, and errors as canonical status codes. */
export class Calls {
  readonly #parts: CallsParts

  constructor(parts: CallsParts) {
    this.#parts = parts
  }

  unary<Request, Response>(
    answer: (call: Call<Request>) => Promise<Response> | Response,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const ended = new AbortController()
      call.on('cancelled', () => ended.abort())
      const { request, metadata } = call
      Promise.try(() => answer({ request, ...this.#of(metadata), signal: ended.signal })).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(error, this.#parts.log)),
      )
    }
  }

  /** Ends the stream when `tell` is done. A user can have so many of them at the same time. */
  streaming<Request, Response>(
    tell: (call: StreamCall<Request, Response>) => Promise<void>,
  ): handleServerStreamingCall<Request, Response> {
    return (stream) => {
      const ended = new AbortController()
      const { signal } = ended
      stream.on('cancelled', () => ended.abort())
      const { request, metadata } = stream
      const send = (message: Response) => this.#send(stream, message, signal)
      const run = async () => {
        const caller = this.#of(metadata)
        const release = this.#parts.quota.take(caller.caller.name)
        try {
          await tell({ request, ...caller, signal, send })
        } finally {
          release()
        }
      }
      run().then(
        () => stream.end(),
        (error: unknown) => this.#fail(stream, error),
      )
    }
  }

  /** Answers each request of a stream before it takes the next. */
  conversing<Request, Response>(answer: (request: Request) => Response): handleBidiStreamingCall<Request, Response> {
    return (stream) => {
      const ended = new AbortController()
      stream.on('cancelled', () => ended.abort())
      const run = async () => {
        const release = this.#parts.quota.take(this.#of(stream.metadata).caller.name)
        try {
          for await (const request of stream.iterator({ destroyOnReturn: false }))
            await this.#send(stream, answer(request as Request), ended.signal)
        } finally {
          release()
        }
      }
      run().then(
        () => stream.end(),
        (error: unknown) => this.#fail(stream, error),
      )
    }
  }

  #of(metadata: Metadata): Pick<Call<unknown>, 'caller' | 'client'> {
    const caller = this.#parts.callers.get(metadata)
    if (!caller) throw new Error('A call was let in of which nobody knows who makes it')
    return { caller, client: String(metadata.get('user-agent')[0] ?? '').slice(0, 200) }
  }

  /** One message at a time: what waits for a slow client is that one, and no more. */
  #send<Response>(
    stream: { write(message: Response, done: (error?: Error | null) => void): unknown; getPeer(): string },
    message: Response,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new CallOver())
        return
      }
      const finish = (settle: () => void) => {
        cancel()
        signal.removeEventListener('abort', over)
        settle()
      }
      const over = () => finish(() => reject(new CallOver()))
      const cancel = this.#parts.clock.after(GIVE_UP_AFTER, () => {
        this.#parts.log.warn({ peer: stream.getPeer() }, 'a gRPC client takes nothing any more and is cut off')
        this.#parts.drop(stream.getPeer())
        over()
      })
      signal.addEventListener('abort', over, { once: true })
      stream.write(message, (error) => finish(() => (error ? reject(new CallOver()) : resolve())))
    })
  }

  #fail(stream: { emit(event: 'error', error: unknown): unknown; destroyed: boolean }, error: unknown): void {
    if (error instanceof CallOver || stream.destroyed) return
    stream.emit('error', statusOf(error, this.#parts.log))
  }
}
