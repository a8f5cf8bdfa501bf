import { connect as connectTcp } from 'node:net'
import type { Clock } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { S7SourceConfig } from '../../core/plant.ts'
import type { FrameTap } from '../frame-tap.ts'
import { connectionRequest } from './iso.ts'
import { type Negotiated, readSetupReply, setupRequest } from './pdu.ts'
import { LARGEST_PDU } from './pdu-budget.ts'
import { IsoTransport, type TransportHandler, type TransportMessage } from './transport.ts'
import { type Tsaps, tsapsOf } from './tsap.ts'

/** As many as we ask for; few CPUs grant them. */
const WANTED_JOBS = 8
/** Of the setup: any other number will do afterwards. */
const SETUP_REFERENCE = 1

type Endpoint = Pick<
  S7SourceConfig,
  'host' | 'port' | 'rack' | 'slot' | 'connection' | 'localTsap' | 'remoteTsap' | 'pdu' | 'connectTimeoutMs'
>

export interface Connected {
  readonly transport: IsoTransport
  readonly negotiated: Negotiated
}

/**
 * Connects to a CPU: TCP, then ISO transport to its TSAP (rack and slot), then S7's setup of communication, all within
 * `connectTimeoutMs`. What the CPU says before the transport is handed over answers nothing and is dropped.
 * Rejects with CONNECTION_LOST, TIMEOUT, ACCESS_DENIED (the CPU refuses rack and slot, or the setup),
 * PROTOCOL_VIOLATION, or STOPPED when `signal` aborts.
 */
export function connectCpu(endpoint: Endpoint, clock: Clock, signal: AbortSignal, tap?: FrameTap): Promise<Connected> {
  if (signal.aborted) return Promise.reject(stopped())
  return new Promise((resolve, reject) => new Handshake({ endpoint, clock, signal, tap }, resolve, reject))
}

interface Attempt {
  readonly endpoint: Endpoint
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly tap: FrameTap | undefined
}

class Handshake implements TransportHandler {
  readonly #endpoint: Endpoint
  readonly #tsaps: Tsaps
  readonly #wanted: Negotiated
  readonly #transport: IsoTransport
  readonly #resolve: (connected: Connected) => void
  readonly #reject: (error: PenstockError) => void
  readonly #release: () => void
  #waitingFor: 'open' | 'confirm' | 'pdu' | 'nothing' = 'open'

  constructor(
    { endpoint, clock, signal, tap }: Attempt,
    resolve: (connected: Connected) => void,
    reject: (error: PenstockError) => void,
  ) {
    const { host, port, connectTimeoutMs } = endpoint
    this.#endpoint = endpoint
    this.#tsaps = tsapsOf(endpoint)
    this.#wanted = { pdu: endpoint.pdu ?? LARGEST_PDU, parallel: WANTED_JOBS }
    this.#resolve = resolve
    this.#reject = reject
    this.#transport = new IsoTransport(connectTcp({ host, port }), `${host}:${port}`, LARGEST_PDU, this, tap)
    const abort = () => this.#transport.end(stopped())
    signal.addEventListener('abort', abort, { once: true })
    const cancelDeadline = clock.after(connectTimeoutMs, () => this.#transport.end(this.#tooLate()))
    this.#release = () => {
      cancelDeadline()
      signal.removeEventListener('abort', abort)
    }
  }

  message(message: TransportMessage): void {
    if (this.#waitingFor === 'nothing') return
    if (message.kind === 'disconnect') {
      this.#transport.end(this.#refused(message.reason))
    } else if (message.kind !== this.#waitingFor) {
      this.#transport.end(new PenstockError('PROTOCOL_VIOLATION', `${this.#what} answers out of order`))
    } else if (message.kind === 'pdu') {
      this.#finish(message.pdu)
    } else if (message.kind === 'open') {
      this.#waitingFor = 'confirm'
      this.#transport.send(connectionRequest(this.#tsaps.local, this.#tsaps.remote))
    } else {
      this.#waitingFor = 'pdu'
      this.#transport.sendPdu(setupRequest(SETUP_REFERENCE, this.#wanted))
    }
  }

  ended(error: PenstockError): void {
    this.#release()
    this.#reject(error.code === 'CONNECTION_LOST' ? this.#failed(error) : error)
  }

  #finish(pdu: Buffer): void {
    try {
      const negotiated = readSetupReply(pdu, SETUP_REFERENCE, this.#wanted)
      this.#waitingFor = 'nothing'
      this.#release()
      this.#resolve({ transport: this.#transport, negotiated })
    } catch (error) {
      this.#transport.end(error as PenstockError)
    }
  }

  get #what(): string {
    return `The CPU at ${this.#transport.endpoint}`
  }

  #failed(cause: PenstockError): PenstockError {
    const message =
      this.#waitingFor === 'open'
        ? `No connection to ${this.#transport.endpoint}: check the address, the cable and firewalls (S7 uses TCP port 102)`
        : `${this.#what} closes the connection before S7 is set up: check ${this.#hint}`
    return new PenstockError('CONNECTION_LOST', message, { cause })
  }

  #refused(reason: number): PenstockError {
    const message = `${this.#what} refuses ${this.#tsaps.words} (ISO reason ${reason}): check ${this.#hint}`
    return new PenstockError('ACCESS_DENIED', message)
  }

  /** A CPU does not say which of these it is. */
  get #hint(): string {
    const { remoteTsap, connection = 'pg' } = this.#endpoint
    const { words } = this.#tsaps
    if (remoteTsap !== undefined) {
      return `${words} (they must mirror those of the connection in the CPU's project), and whether it is in use already`
    }
    return (
      `${words} (S7-300: slot 2; S7-400: usually 3; S7-1200/1500: slot 1; LOGO! and S7-200: set cpu, or both TSAPs), ` +
      `and whether all connections of kind ${connection} are in use: then close other clients, or set connection to ` +
      'op or basic'
    )
  }

  #tooLate(): PenstockError {
    const step = this.#waitingFor === 'open' ? 'TCP' : this.#waitingFor === 'confirm' ? 'the ISO transport' : 'S7'
    const { connectTimeoutMs } = this.#endpoint
    return new PenstockError('TIMEOUT', `${this.#what} did not set up ${step} within ${connectTimeoutMs} ms`)
  }
}

const stopped = (): PenstockError => new PenstockError('STOPPED', 'The source was stopped while it connected')
