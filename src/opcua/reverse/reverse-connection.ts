import { connect, type Socket } from 'node:net'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { ReverseConnection as Shown } from '../../link/contract.ts'
import { addressOf } from '../services/advertised-url.ts'

const CONNECT_TIMEOUT: Milliseconds = 10_000
/** How long a client may keep a connection before it says Hello: it keeps it until it needs one (OPC 10000-6 §7.1.3). */
const HELLO_TIMEOUT: Milliseconds = 120_000
const FIRST_PAUSE: Milliseconds = 1_000
const LONGEST_PAUSE: Milliseconds = 60_000

/** What is told of a connection that was opened, by whoever serves it. */
export interface Served {
  readonly helloTimeoutMs: Milliseconds
  /** The client opened a SecureChannel. */
  readonly onSecured: () => void
  /** The connection is closed for this reason, and its `close` follows. */
  readonly onRefused: (reason: string) => void
}

export interface ReverseConnectionParts {
  /** Where the client listens. */
  readonly url: string
  /** What is sent first. */
  readonly hello: () => Buffer
  /** Serves the connection as one that a client opened. */
  readonly serve: (socket: Socket, served: Served) => void
  /** When the next connection may be opened, of all of them; milliseconds from now. */
  readonly turn: () => Milliseconds
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Keeps one connection to a client that cannot reach the server, from where the server calls it (OPC 10000-6 §7.1.3).
 * Whatever ends it, another one is opened: after a second when a client has used it, else after a pause that grows with
 * each failure to a minute. Said once when it begins to fail, and once when it works again.
 */
export class ReverseConnection {
  readonly #parts: ReverseConnectionParts
  #state: Shown['state'] = 'calling'
  #since: number
  #failures = 0
  #reason = ''
  #socket: Socket | undefined
  #cancel: () => void = () => undefined
  #ended = false

  constructor(parts: ReverseConnectionParts) {
    this.#parts = parts
    this.#since = parts.clock.now()
  }

  get shown(): Shown {
    const reason = this.#state === 'connected' ? '' : this.#reason
    return { url: this.#parts.url, state: this.#state, since: this.#since, failures: this.#failures, reason }
  }

  start(): void {
    this.#callAfter(0)
  }

  stop(): void {
    this.#ended = true
    this.#cancel()
    this.#socket?.destroy()
  }

  #callAfter(pause: Milliseconds): void {
    if (this.#ended) return
    this.#cancel = this.#parts.clock.after(Math.max(pause, this.#parts.turn()), () => this.#call())
  }

  #call(): void {
    const { url, hello, serve, clock } = this.#parts
    const { host = '', port = 0 } = addressOf(url) ?? {}
    this.#become('calling')
    let wasUsed = false
    let reason = 'the client closed the connection before it used it'
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, noDelay: true, keepAlive: true })
    this.#socket = socket
    const cancel = clock.after(CONNECT_TIMEOUT, () => {
      socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT / 1_000} s`))
    })
    socket.on('error', (error) => {
      reason = describeError(error)
      socket.destroy()
    })
    socket.once('connect', () => {
      cancel()
      this.#become('waiting')
      socket.write(hello())
      serve(socket, {
        helloTimeoutMs: HELLO_TIMEOUT,
        onSecured: () => {
          wasUsed = true
          this.#used()
        },
        onRefused: (why) => {
          reason = why
        },
      })
    })
    socket.once('close', () => {
      cancel()
      this.#socket = undefined
      if (wasUsed) this.#become('pausing')
      else this.#failed(reason)
      this.#callAfter(this.#pause())
    })
  }

  #become(state: Shown['state']): void {
    this.#state = state
    this.#since = this.#parts.clock.now()
  }

  #used(): void {
    if (this.#failures > 0) this.#parts.log.info({ url: this.#parts.url }, 'An OPC UA client that is called answers')
    this.#failures = 0
    this.#reason = ''
    this.#become('connected')
  }

  #failed(reason: string): void {
    this.#failures++
    this.#reason = reason
    this.#become('pausing')
    if (this.#failures > 1 || this.#ended) return
    this.#parts.log.warn(
      { url: this.#parts.url, reason },
      'An OPC UA client that is called (opcua.reverseConnect) does not use the connection; it is called again, at ' +
        'least once a minute',
    )
  }

  #pause(): Milliseconds {
    return Math.min(FIRST_PAUSE * 2 ** Math.min(this.#failures, 10), LONGEST_PAUSE)
  }
}
