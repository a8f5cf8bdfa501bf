import type { Clock, Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { WritePermit } from '../field-write.ts'
import type { FrameTap } from '../frame-tap.ts'
import { noRecorder, type RequestRecorder } from '../request-recorder.ts'
import { tooMuchUnasked, UnaskedBytes } from '../unasked-bytes.ts'
import type { Connected } from './connect.ts'
import { dataFrame } from './iso.ts'
import type { ReadRequest } from './nodes7-codec.ts'
import type { WriteRequest } from './nodes7-write.ts'
import { readReadReply, readWriteReply, referenceOf } from './pdu.ts'
import type { Refusal } from './refusal.ts'
import {
  isSzlRefusal,
  readSzlReply,
  type SzlId,
  type SzlPiece,
  type SzlRefusal,
  szlFollowUp,
  szlRequest,
} from './szl.ts'
import type { IsoTransport, TransportHandler, TransportMessage } from './transport.ts'

/** What became of one span of a request. */
export type SpanReply = { readonly bytes: Buffer } | { readonly refusal: Refusal }

export interface ConnectionOptions {
  readonly clock: Clock
  /** How long a request may take from being sent. */
  readonly timeoutMs: Milliseconds
  readonly count: (counter: 'requests' | 'strays') => void
  /** Is told how each request fared. */
  readonly recorder?: RequestRecorder | undefined
  readonly tap?: FrameTap | undefined
}

/** What a request is for. */
export interface Purpose {
  readonly deviceKey: string
  /** Bytes that its answer carries, and of these that tags have. */
  readonly bytes: number
  readonly used: number
}

interface Job {
  readonly request: Pick<ReadRequest | WriteRequest, 'begin' | 'abandon'>
  readonly purpose: Purpose
  /** Of a write: taken when the request goes out. */
  readonly permit?: WritePermit
  sentAt: Milliseconds
  /** Settles with what the reply says, and answers whether something was refused; throws where it is none. */
  readonly take: (pdu: Buffer) => boolean
  readonly reject: (error: PenstockError) => void
  cancelDeadline: () => void
}

/** Odd, so that 65,536 steps meet every reference; large, so that a near miss is nobody's. */
const STRIDE = 40_503

/**
 * Requests and replies on a connected transport: as many under way as the CPU allows, the rest wait their turn. A reply
 * counts only if its reference is one under way and it is a whole answer to that very request; each request has its
 * own deadline, and all are settled at once when the connection ends.
 */
export class S7Connection implements TransportHandler {
  readonly pdu: number
  readonly #transport: IsoTransport
  readonly #options: ConnectionOptions
  readonly #onEnd: (error: PenstockError) => void
  readonly #parallel: number
  readonly #recorder: RequestRecorder
  readonly #underWay = new Map<number, Job>()
  readonly #unasked: UnaskedBytes
  #waiting: Job[] = []
  #reference = 0
  #cause: PenstockError | undefined

  constructor({ transport, negotiated }: Connected, options: ConnectionOptions, onEnd: (error: PenstockError) => void) {
    this.pdu = negotiated.pdu
    this.#parallel = negotiated.parallel
    this.#transport = transport
    this.#options = options
    this.#unasked = new UnaskedBytes(options.clock)
    this.#recorder = options.recorder ?? noRecorder
    this.#onEnd = onEnd
    transport.handOver(this)
  }

  /**
   * Sends the request and resolves with one reply a span. Rejects with TIMEOUT, PROTOCOL_VIOLATION (the reply is no
   * answer to it) or CONNECTION_LOST; then the request may be used again.
   */
  read(request: ReadRequest, purpose: Purpose): Promise<readonly SpanReply[]> {
    return new Promise((resolve, reject) => {
      const take = (pdu: Buffer) => {
        const replies = repliesTo(request, pdu)
        resolve(replies)
        return replies.some((reply) => 'refusal' in reply)
      }
      this.#queue({ request, purpose, take, reject })
    })
  }

  /**
   * Sends the request once, if the permit is given for it, and resolves with why the CPU refused it, if it did. Rejects
   * as `read`, and with STOPPED without the permit; after that was taken, it may be done all the same.
   */
  write(request: WriteRequest, deviceKey: string, permit: WritePermit): Promise<Refusal | undefined> {
    return new Promise((resolve, reject) => {
      const take = (pdu: Buffer) => {
        const refusal = refusalOf(request, pdu)
        resolve(refusal)
        return refusal !== undefined
      }
      this.#queue({ request, purpose: { deviceKey, bytes: 0, used: 0 }, permit, take, reject })
    })
  }

  /**
   * Asks once for a system status list, or the next piece of one, and resolves with what the CPU says. Rejects as `read`.
   */
  readSzl(wanted: SzlId | { readonly more: number }, deviceKey: string): Promise<SzlPiece | SzlRefusal> {
    const more = 'more' in wanted ? wanted.more : undefined
    const pdu = (reference: number) =>
      'more' in wanted ? szlFollowUp(reference, wanted.more) : szlRequest(reference, wanted)
    const request = { begin: (reference: number) => dataFrame(pdu(reference)), abandon: () => undefined }
    return new Promise((resolve, reject) => {
      const take = (reply: Buffer) => {
        const piece = readSzlReply(reply, more)
        resolve(piece)
        return isSzlRefusal(piece)
      }
      this.#queue({ request, purpose: { deviceKey, bytes: 0, used: 0 }, take, reject })
    })
  }

  #queue(job: Pick<Job, 'request' | 'purpose' | 'permit' | 'take' | 'reject'>): void {
    if (this.#cause) {
      job.reject(this.#cause)
      return
    }
    this.#waiting.push({ ...job, sentAt: 0, cancelDeadline: () => undefined })
    this.#sendNext()
  }

  close(): void {
    this.#transport.end(new PenstockError('STOPPED', `The connection to ${this.#transport.endpoint} was closed`))
  }

  message(message: TransportMessage): void {
    if (message.kind !== 'pdu') {
      const { endpoint } = this.#transport
      this.#transport.end(new PenstockError('CONNECTION_LOST', `The CPU at ${endpoint} ends the connection`))
      return
    }
    const reference = referenceOf(message.pdu) ?? Number.NaN
    const job = this.#underWay.get(reference)
    if (!job) {
      this.#options.count('strays')
      this.#options.tap?.noted(`The frame before answers nothing that is asked (reference ${reference})`)
      if (!this.#unasked.bear(message.pdu.length)) this.#transport.end(tooMuchUnasked(this.#transport.endpoint))
      return
    }
    this.#underWay.delete(reference)
    job.cancelDeadline()
    this.#answer(job, message.pdu)
    this.#sendNext()
  }

  ended(cause: PenstockError): void {
    const error = cause.code === 'PROTOCOL_VIOLATION' ? this.#brokenOff(cause) : cause
    this.#cause = error
    const jobs = [...this.#underWay.values(), ...this.#waiting]
    this.#underWay.clear()
    this.#waiting = []
    for (const job of jobs) {
      job.cancelDeadline()
      this.#fail(job, error)
    }
    this.#onEnd(error)
  }

  #sendNext(): void {
    while (this.#underWay.size < this.#parallel) {
      const job = this.#waiting.shift()
      if (!job) return
      this.#send(job)
    }
  }

  #send(job: Job): void {
    const { clock, timeoutMs, count } = this.#options
    if (job.permit?.take() === false) {
      job.reject(new PenstockError('STOPPED', 'The request was not sent any more'))
      return
    }
    const reference = this.#freeReference()
    try {
      const frame = job.request.begin(reference)
      this.#underWay.set(reference, job)
      job.sentAt = clock.monotonic()
      job.cancelDeadline = clock.after(timeoutMs, () => this.#tooLate(reference, job))
      count('requests')
      this.#transport.send(frame)
    } catch (error) {
      this.#fail(job, error)
    }
  }

  #answer(job: Job, pdu: Buffer): void {
    try {
      const refused = job.take(pdu)
      const { deviceKey, bytes, used } = job.purpose
      const took = this.#options.clock.monotonic() - job.sentAt
      if (refused) this.#recorder.answered(deviceKey, took, 0, 0)
      else this.#recorder.answered(deviceKey, took, bytes, used)
    } catch (error) {
      this.#fail(job, error)
    }
  }

  #tooLate(reference: number, job: Job): void {
    this.#underWay.delete(reference)
    const { endpoint } = this.#transport
    const message = `The CPU at ${endpoint} did not answer within ${this.#options.timeoutMs} ms`
    this.#options.tap?.noted(`${message} (reference ${reference})`)
    this.#fail(job, new PenstockError('TIMEOUT', message))
    this.#sendNext()
  }

  #fail(job: Job, cause: unknown): void {
    job.request.abandon()
    const error =
      cause instanceof PenstockError
        ? cause
        : new PenstockError('PROTOCOL_VIOLATION', 'The reply could not be taken apart', { cause })
    const { clock } = this.#options
    if (job.sentAt > 0) this.#recorder.failed(job.purpose.deviceKey, clock.monotonic() - job.sentAt, error.code)
    job.reject(error)
  }

  #brokenOff(cause: PenstockError): PenstockError {
    const message = `The connection to the CPU at ${this.#transport.endpoint} had to be ended`
    return new PenstockError('CONNECTION_LOST', message, { cause })
  }

  #freeReference(): number {
    do this.#reference = (this.#reference + STRIDE) & 0xffff
    while (this.#underWay.has(this.#reference))
    return this.#reference
  }
}

/** Each span's bytes or refusal; nodes7 sees only what was proved to be a whole answer. */
function repliesTo(request: ReadRequest, pdu: Buffer): SpanReply[] {
  const lengths = request.spans.map((span) => span.length)
  const items = readReadReply(pdu, lengths)
  if (!('length' in items)) {
    request.abandon()
    return lengths.map(() => ({ refusal: items }))
  }
  const bytes = request.finish(items)
  return items.map(({ refusal }, position) => (refusal ? { refusal } : { bytes: bytes[position] as Buffer }))
}

function refusalOf(request: WriteRequest, pdu: Buffer): Refusal | undefined {
  const reply = readWriteReply(pdu)
  if ('reason' in reply) {
    request.abandon()
    return reply
  }
  request.finish(reply.code)
  return reply.refusal
}
