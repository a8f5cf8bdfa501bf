import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import type { FrameTap } from '../../frame-tap.ts'
import { tooMuchUnasked, UnaskedBytes } from '../../unasked-bytes.ts'
import { FramingError, frameOf, type MbapReader, type OnFrame } from '../framing/mbap.ts'
import { faultOfAnswer } from '../request.ts'
import { lost, type Wire } from '../transport/wire.ts'
import { type Exchange, type Question, timeoutWords, withheld } from './exchange.ts'

export interface TransactionsOptions {
  readonly wire: Wire
  readonly clock: Clock
  /** In [0, 1): chooses the first transaction id, so that no frame of an earlier connection fits by habit. */
  readonly random: () => number
  readonly reader: (onFrame: OnFrame) => MbapReader
  /** Whether bytes that are no frame cost only themselves, because the next one begins in the next datagram. */
  readonly datagrams: boolean
  /** A frame came that answers nothing that is still asked. */
  readonly onStray: () => void
  /** Once, when the wire is gone; every pending question has been settled by then. */
  readonly onEnd: (cause: PenstockError) => void
  readonly tap: FrameTap
}

interface Pending {
  readonly question: Question
  readonly transactionId: number
  readonly deadline: Milliseconds
}

/** The step between transaction ids: far, so that a device that gets its counting wrong hits no neighbour. */
const TRANSACTION_STRIDE = 40_503
/** Transaction ids that were given up and are not used again while this many are remembered. */
const MOST_ABANDONED = 4_096

/**
 * Questions as MBAP transactions: an answer counts only if its frame is sound and it has the transaction id, unit,
 * function and length of a pending question. All other ids come before one is used again, and one that was given up is
 * left out then, so that no late, repeated or reordered answer meets another question.
 */
export class Transactions implements Exchange {
  readonly #options: TransactionsOptions
  readonly #reader: MbapReader
  /** By transaction id, the oldest first. */
  readonly #pending = new Map<number, Pending>()
  readonly #abandoned = new Set<number>()
  readonly #unasked: UnaskedBytes
  #transactionId: number
  #ended = false
  /** The timer for the first of all deadlines. */
  #sweep: { readonly at: Milliseconds; readonly cancel: () => void } | undefined

  constructor(options: TransactionsOptions) {
    this.#options = options
    this.#unasked = new UnaskedBytes(options.clock)
    this.#transactionId = Math.floor(options.random() * 0x1_0000)
    this.#reader = options.reader((transactionId, adu, frame) => this.#receive(transactionId, adu, frame))
    options.wire.listen({ data: (bytes) => this.#read(bytes), lost: (cause) => void this.end(cause) })
  }

  ask(question: Question): void {
    const { clock, wire, tap } = this.#options
    const why = withheld(question)
    if (why) {
      question.settle(why)
      return
    }
    const transactionId = this.#nextTransactionId()
    const deadline = clock.monotonic() + question.timeoutMs
    this.#pending.set(transactionId, { question, transactionId, deadline })
    this.#sweepAt(deadline)
    const frame = frameOf(transactionId, question.adu)
    tap.sent(frame)
    wire.write(frame)
  }

  async end(cause: PenstockError): Promise<void> {
    const { wire, onEnd, tap } = this.#options
    if (!this.#ended) {
      this.#ended = true
      tap.noted(cause.message)
      this.#sweep?.cancel()
      this.#sweep = undefined
      for (const pending of [...this.#pending.values()]) this.#fail(pending, cause)
      onEnd(cause)
    }
    await wire.close()
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return
    try {
      this.#reader.push(bytes)
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      const { wire, datagrams, tap } = this.#options
      tap.received(bytes, 'invalid')
      if (datagrams) this.#stray(bytes)
      else
        void this.end(lost(`${wire.endpoint} sent bytes that are no Modbus TCP (${error.message}); ${ASK_TRANSPORT}`))
    }
  }

  #receive(transactionId: number, adu: Buffer, frame: Buffer): void {
    if (this.#ended) return
    const { tap } = this.#options
    const pending = this.#pending.get(transactionId)
    if (!pending) {
      tap.received(frame, 'stray')
      this.#abandoned.delete(transactionId)
      this.#stray(frame)
      return
    }
    const { question } = pending
    const fault = faultOfAnswer(question.request, adu)
    tap.received(frame, fault === undefined ? 'answer' : 'invalid')
    if (fault === undefined) {
      this.#pending.delete(transactionId)
      question.settle(adu)
      return
    }
    const { unitId } = question.request
    const message = `Unit ${unitId} at ${this.#options.wire.endpoint} answered something that was not asked: ${fault}`
    this.#fail(pending, new PenstockError('PROTOCOL_VIOLATION', message))
  }

  #stray(bytes: Buffer): void {
    const { wire, onStray } = this.#options
    onStray()
    if (!this.#unasked.bear(bytes.length)) void this.end(tooMuchUnasked(wire.endpoint))
  }

  #fail(pending: Pending, why: PenstockError): void {
    this.#pending.delete(pending.transactionId)
    this.#abandon(pending.transactionId)
    pending.question.settle(why)
  }

  #nextTransactionId(): number {
    do this.#transactionId = (this.#transactionId + TRANSACTION_STRIDE) & 0xffff
    while (this.#pending.has(this.#transactionId) || this.#abandoned.has(this.#transactionId))
    return this.#transactionId
  }

  #abandon(transactionId: number): void {
    this.#abandoned.add(transactionId)
    if (this.#abandoned.size <= MOST_ABANDONED) return
    const [oldest] = this.#abandoned
    if (oldest !== undefined) this.#abandoned.delete(oldest)
  }

  /** One timer for all deadlines. */
  #sweepAt(deadline: Milliseconds): void {
    if (this.#sweep && this.#sweep.at <= deadline) return
    this.#sweep?.cancel()
    const { clock } = this.#options
    const cancel = clock.after(Math.max(0, deadline - clock.monotonic()), () => this.#failOverdue())
    this.#sweep = { at: deadline, cancel }
  }

  /** Afterwards it looks again at the first deadline that is still to come. */
  #failOverdue(): void {
    const { clock, wire, tap } = this.#options
    this.#sweep = undefined
    const now = clock.monotonic()
    for (const pending of [...this.#pending.values()]) {
      if (pending.deadline > now) {
        this.#sweepAt(pending.deadline)
        continue
      }
      const { request, timeoutMs } = pending.question
      const words = timeoutWords(request.unitId, wire.endpoint, timeoutMs)
      tap.noted(`${words} (transaction ${pending.transactionId})`)
      this.#fail(pending, new PenstockError('TIMEOUT', words))
    }
  }
}

const ASK_TRANSPORT = 'is it a Modbus TCP port? A serial server that passes bytes on needs transport rtu-over-tcp'
