import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import type { FrameTap, FrameWorth } from '../../frame-tap.ts'
import { tooMuchUnasked, UnaskedBytes } from '../../unasked-bytes.ts'
import type { LineFraming, LineReader } from '../framing/line-framing.ts'
import { answerBytes, EXCEPTION_BIT, faultOfAnswer, isEchoed, type ModbusRequest, requestOf } from '../request.ts'
import { lost, type Wire } from '../transport/wire.ts'
import { type Exchange, type Question, timeoutWords, withheld } from './exchange.ts'
import type { LineTiming } from './line-timing.ts'
import type { Unanswered } from './unanswered.ts'

export interface SerialTurnsOptions {
  readonly wire: Wire
  readonly clock: Clock
  readonly framing: LineFraming
  readonly timing: LineTiming
  /** Outlives the wire: what is late may come over the next one. */
  readonly unanswered: Unanswered
  /** Whether a new wire helps where nobody answers: over TCP, where answers may be stuck in the gateway. */
  readonly renewWhenMute: boolean
  /** Something came that answers nothing that is asked: late, of another unit, an echo, noise. */
  readonly onStray: () => void
  /** Once, when the wire is gone; every pending question has been settled by then. */
  readonly onEnd: (cause: PenstockError) => void
  readonly tap: FrameTap
}

/** What is on the line now: the question itself, or one of another shape before it, whose answer is not delivered. */
interface Turn {
  readonly question: Question
  readonly request: ModbusRequest
  readonly sent: Buffer
  readonly isProbe: boolean
  /** Bytes that may still come because of it: its answer, and itself as an echo. */
  due: number
  /** The line brought our own request back, as adapters for RS-485 may. */
  echoed: boolean
  /** What came instead of the answer, in words. */
  misfit: string | undefined
  /** It is a write, and the unit answered that it did another one. */
  wrong: boolean
}

/**
 * Questions on a serial line, one at a time, with the silence between frames that the line needs. An answer there says
 * neither which question it belongs to nor whose time it is in, so one counts only if no older question can have it
 * for its answer: see `Unanswered`.
 */
export class SerialTurns implements Exchange {
  readonly #options: SerialTurnsOptions
  readonly #reader: LineReader
  /** Units that were asked over this wire. */
  readonly #asked = new Set<number>()
  readonly #unasked: UnaskedBytes
  /** Whether the line brings back what is sent; known once something was answered whose answer looks otherwise. */
  #echoes: boolean | undefined
  #question: Question | undefined
  #turn: Turn | undefined
  #quietFrom: Milliseconds
  #cancelTimer: () => void = () => undefined
  #cancelSilence: () => void = () => undefined
  #ended = false

  constructor(options: SerialTurnsOptions) {
    const { wire, clock, timing, framing, tap } = options
    this.#options = options
    this.#unasked = new UnaskedBytes(clock)
    this.#quietFrom = clock.monotonic() + timing.silenceMs
    this.#reader = framing.reader({
      frame: (adu, frame) => this.#receive(adu, frame),
      noise: () => this.#noise(),
      skipped: (bytes) => tap.received(bytes, 'invalid'),
    })
    wire.listen({ data: (bytes) => this.#read(bytes), lost: (cause) => void this.end(cause) })
  }

  ask(question: Question): void {
    this.#question = question
    const { clock, wire } = this.#options
    this.#whenQuiet(clock.monotonic() + question.timeoutMs, (quiet) => {
      if (quiet) this.#begin(question)
      else this.#giveUp(`${wire.endpoint} is never silent: ${CHECK_LINE}`)
    })
  }

  async end(cause: PenstockError): Promise<void> {
    const { wire, onEnd, unanswered, tap } = this.#options
    if (!this.#ended) {
      this.#ended = true
      tap.noted(cause.message)
      this.#cancelSilence()
      if (this.#turn) unanswered.add(this.#turn.request)
      this.#turn = undefined
      this.#settle(cause)
      onEnd(cause)
    }
    await wire.close()
  }

  #giveUp(words: string): void {
    this.#options.tap.noted(words)
    this.#settle(new PenstockError('TIMEOUT', words))
  }

  #begin(question: Question): void {
    const { unanswered, tap } = this.#options
    const doubtful = unanswered.mayRefuse(question.request)
    const unsure = this.#echoes === undefined && isEchoed(question.request)
    if (doubtful) tap.noted('An answer may still be late, so something of another shape is asked for first')
    else if (unsure) tap.noted('Something is read first, to know the answer to this from an echo on the line')
    const probes = doubtful || unsure
    this.#send(question, probes ? unanswered.probeFor(question.adu) : question.adu, probes)
  }

  #send(question: Question, adu: Buffer, isProbe: boolean): void {
    const { wire, clock, framing, timing, tap } = this.#options
    const request = isProbe ? requestOf(adu) : question.request
    if (!request) throw new Error('a probe is a read')
    const why = isProbe ? undefined : withheld(question)
    if (why) {
      this.#settle(why)
      return
    }
    const sent = framing.encode(adu)
    this.#asked.add(request.unitId)
    const characters = framing.charactersOf(adu.length) + framing.charactersOf(answerBytes(request))
    this.#turn = { question, request, sent, isProbe, due: characters, echoed: false, misfit: undefined, wrong: false }
    this.#reader.expect(request, sent)
    const cancel = clock.after(question.timeoutMs + characters * timing.characterMs, () => this.#overdue())
    this.#cancelTimer = cancel
    tap.sent(sent)
    wire.write(sent)
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return
    const { wire, clock, timing, onStray, tap } = this.#options
    this.#quietFrom = Math.max(this.#quietFrom, clock.monotonic() + timing.silenceMs)
    const due = Math.min(bytes.length, this.#turn?.due ?? 0)
    if (this.#turn) this.#turn.due -= due
    if (!this.#unasked.bear(bytes.length - due)) {
      void this.end(tooMuchUnasked(wire.endpoint))
      return
    }
    if (!this.#turn) {
      tap.received(bytes, 'stray')
      onStray()
      return
    }
    this.#reader.push(bytes)
    this.#cancelSilence()
    if (this.#turn) this.#cancelSilence = clock.after(timing.pauseMs, () => this.#reader.silent())
  }

  #receive(adu: Buffer, frame: Buffer): void {
    const { tap, onStray, framing } = this.#options
    const turn = this.#turn
    const mayEcho = turn && !turn.echoed && (this.#echoes !== false || !isEchoed(turn.request))
    if (mayEcho && framing.encode(adu).equals(turn.sent)) {
      turn.echoed = true
      tap.noted('The line brought the request back')
      onStray()
      return
    }
    const worth = turn ? this.#worthOf(turn, adu) : 'stray'
    tap.received(frame, worth)
    if (turn && worth === 'answer') this.#answered(turn, adu)
    else onStray()
  }

  #worthOf(turn: Turn, adu: Buffer): FrameWorth {
    const fault = faultOfAnswer(turn.request, adu)
    if (fault !== undefined) {
      if (adu[0] !== turn.request.unitId) return 'stray'
      turn.misfit = fault
      turn.wrong ||= turn.request.echo !== undefined && adu[1] === turn.request.functionCode
      return 'invalid'
    }
    const isException = ((adu[1] ?? 0) & EXCEPTION_BIT) !== 0
    if (!isException || !this.#options.unanswered.mayRefuse(turn.request)) return 'answer'
    turn.misfit = 'an exception came that may belong to an earlier request'
    return 'stray'
  }

  #answered(turn: Turn, adu: Buffer): void {
    const { question, isProbe, request } = turn
    this.#leaveTurn()
    this.#options.unanswered.clear(request.unitId)
    if (!isEchoed(request)) this.#echoes = turn.echoed
    if (isProbe) this.ask(question)
    else this.#settle(adu)
  }

  #noise(): void {
    if (this.#turn) this.#turn.misfit ??= `bytes came that make no frame; ${CHECK_LINE}`
    this.#options.onStray()
  }

  /** The line is left alone for a while, so that a late answer and the next question do not meet on it. */
  #overdue(): void {
    const turn = this.#turn
    if (!turn) return
    const { clock, wire, timing, unanswered, renewWhenMute, tap } = this.#options
    const { question, request, misfit, wrong, isProbe } = turn
    this.#leaveTurn()
    unanswered.add(request)
    const words = timeoutWords(request.unitId, wire.endpoint, question.timeoutMs)
    const reason = misfit === undefined ? words : `${words}: ${misfit}`
    tap.noted(reason)
    const why = new PenstockError(wrong ? 'PROTOCOL_VIOLATION' : 'TIMEOUT', reason)
    if (isProbe && renewWhenMute && [...this.#asked].every((unitId) => unanswered.has(unitId))) {
      void this.end(lost(`Nobody answers at ${wire.endpoint}, so the connection is made anew: ${words}`))
      return
    }
    const now = clock.monotonic()
    this.#quietFrom = Math.max(this.#quietFrom, now + timing.guardMs)
    this.#whenQuiet(now + timing.guardMs + question.timeoutMs, () => this.#settle(why))
  }

  #leaveTurn(): void {
    this.#cancelTimer()
    this.#cancelSilence()
    this.#turn = undefined
    this.#reader.clear()
  }

  /** Calls `action` when the line is silent, or with false at `latest`. */
  #whenQuiet(latest: Milliseconds, action: (quiet: boolean) => void): void {
    const { clock } = this.#options
    const now = clock.monotonic()
    const quiet = this.#quietFrom <= now
    if (quiet || now >= latest) {
      action(quiet)
      return
    }
    const wait = Math.min(this.#quietFrom, latest) - now
    this.#cancelTimer = clock.after(wait, () => this.#whenQuiet(latest, action))
  }

  #settle(outcome: Buffer | PenstockError): void {
    this.#cancelTimer()
    const question = this.#question
    this.#question = undefined
    question?.settle(outcome)
  }
}

const CHECK_LINE = 'check baud rate, parity and stop bits, the wiring, and that no other master asks on it'
