import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Caller } from './authority.ts'
import { CallError, statusOf } from './call-error.ts'
import type { StreamQuota } from './stream-quota.ts'

/** A client that takes nothing of a stream for so long is cut off. */
const GIVE_UP_AFTER: Milliseconds = 60_000
/** How often it is asked whether the user of a stream may go on. */
const CHECK_EVERY: Milliseconds = 5_000

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

type WhoCalls = Pick<Call<unknown>, 'caller' | 'client'>

/** What a stream of answers is, whatever is asked. */
interface Answering {
  readonly metadata: Metadata
  readonly destroyed: boolean
  on(event: 'cancelled', listener: () => void): unknown
  emit(event: 'error', error: unknown): unknown
  end(): unknown
}

export interface CallsParts {
  readonly clock: Clock
  readonly log: Logger
  readonly quota: StreamQuota
  /** Who makes the call with this metadata. Set before its handler is called. */
  readonly callers: WeakMap<Metadata, Caller>
  /** Whether the caller, who had the right to read, has it still. */
  readonly mayRead: (caller: Caller) => Promise<boolean>
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
    return (stream) =>
      this.#serve(stream, (of, signal) => {
        const send = (message: Response) => this.#send(stream, message, signal)
        return tell({ request: stream.request, ...of, signal, send })
      })
  }

  /** Answers each request of a stream before it takes the next. */
  conversing<Request, Response>(answer: (request: Request) => Response): handleBidiStreamingCall<Request, Response> {
    return (stream) =>
      this.#serve(stream, async (_, signal) => {
        const requests = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Request>
        for await (const request of requests) await this.#send(stream, answer(request), signal)
      })
  }

  /** Counts the stream, looks now and then whether its user may go on, and ends it with what `work` ends with. */
  #serve(stream: Answering, work: (of: WhoCalls, signal: AbortSignal) => Promise<void>): void {
    const ended = new AbortController()
    const { signal } = ended
    stream.on('cancelled', () => ended.abort(new CallOver()))
    const run = async () => {
      const of = this.#of(stream.metadata)
      const release = this.#parts.quota.take(of.caller.name)
      const unwatch = this.#parts.clock.every(CHECK_EVERY, () => {
        this.#check(of.caller).catch((error: unknown) => ended.abort(error))
      })
      try {
        await work(of, signal)
      } finally {
        unwatch()
        release()
      }
    }
    run()
      .then(() => signal.throwIfAborted())
      .then(
        () => stream.end(),
        (error: unknown) => this.#fail(stream, signal.aborted ? signal.reason : error),
      )
  }

  /** Throws CallError where the caller may not read any more. */
  async #check(caller: Caller): Promise<void> {
    if (await this.#parts.mayRead(caller)) return
    const message =
      'The user has another password or other roles by now or is gone, or the token does not hold any more: log in again.'
    throw new CallError(status.UNAUTHENTICATED, 'LOGIN_ENDED', message)
  }

  #of(metadata: Metadata): WhoCalls {
    const caller = this.#parts.callers.get(metadata)
    if (!caller) throw new Error('A call was let in of which nobody knows who makes it')
    return { caller, client: String(metadata.get('user-agent')[0] ?? '').slice(0, 200) }
  }

  /** One message at a time: what waits for a slow client is that one, and no more. */
  #send<Response>(
    stream: Pick<ServerWritableStream<unknown, Response>, 'write' | 'getPeer'>,
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
      stream.write(message, (error?: Error | null) => finish(() => (error ? reject(new CallOver()) : resolve())))
    })
  }

  #fail(stream: Answering, error: unknown): void {
    if (error instanceof CallOver || stream.destroyed) return
    stream.emit('error', statusOf(error, this.#parts.log))
  }
}
