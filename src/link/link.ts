import type { MessagePort, Transferable } from 'node:worker_threads'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { SampleBatch } from '../core/sample.ts'
import { noTracing, type TraceParent, type Tracing } from '../core/tracing.ts'

/** Requests by name: what is asked with and what is answered. Everything must survive a structured clone. */
// biome-ignore lint/suspicious/noExplicitAny: the constraint of a contract, whose own types are exact
export type Requests = Record<string, (argument: any) => unknown>
/** One-way messages by name. */
export type Notes = Record<string, unknown>

/** One direction of a link: what this end can ask of the other and tell it. */
export interface Direction {
  readonly asks: Requests
  readonly tells: Notes
}

/** The handlers of one direction, at the end that answers. */
export type Serves<D extends Direction> = {
  readonly [Name in keyof D['asks']]: (argument: Parameters<D['asks'][Name]>[0]) => Answer<ReturnType<D['asks'][Name]>>
}
export type Hears<D extends Direction> = { readonly [Name in keyof D['tells']]: (note: D['tells'][Name]) => void }
type Answer<T> = T | Promise<T>

type Message =
  | { kind: 'ask'; id: number; name: string; argument: unknown; trace?: TraceParent | undefined }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'refusal'; id: number; message: string }
  | { kind: 'note'; name: string; note: unknown }
  | { kind: 'batch'; batch: SampleBatch; traces?: readonly TraceParent[] }
  | { kind: 'credit'; batches: number }
  | { kind: 'beat' }

export interface LinkOptions<Mine extends Direction, Theirs extends Direction> {
  readonly port: MessagePort
  readonly clock: Clock
  readonly serves: Serves<Theirs>
  readonly hears: Hears<Theirs>
  /** Takes a batch, with spans within which some of its values were told; when it returns, or what it promises is done, the sender gets its credit back. */
  readonly onBatch?: (batch: SampleBatch, traces: readonly TraceParent[]) => unknown
  /** A credit came back after `sendBatch` or `wantsBatch` had refused. */
  readonly onCredit?: () => void
  /** The other end was silent for `silenceAfterMs` (true), or is heard again (false). Not called after the end. */
  readonly onSilence?: (silent: boolean) => void
  /** The other end is gone for good: its thread ended or it closed. Called once. */
  readonly onEnd?: () => void
  /** What is asked within a span is answered within it, too. */
  readonly tracing?: Tracing
  /** Only to bind the type of what this end asks. */
  readonly mine?: Mine
}

/** Batches that may be under way unanswered: bounds what piles up before a slow room. */
const BATCH_CREDITS = 16
const BEAT_EVERY: Milliseconds = 500
const SILENCE_AFTER: Milliseconds = 3_000

/**
 * One end of a typed connection between two rooms over a MessagePort: requests with answers, one-way notes, and
 * batches of samples whose columns are transferred, not copied. Messages keep their order. Batches need credits,
 * because a port queues without limit; a peer that hangs without closing is noticed by its missing beats.
 */
export class Link<Mine extends Direction, Theirs extends Direction> {
  readonly #options: LinkOptions<Mine, Theirs>
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  readonly #stopBeating: () => void
  readonly #tracing: Tracing
  #nextId = 1
  #credits = BATCH_CREDITS
  #wanting = false
  #heardAt: Milliseconds
  #silent = false
  #ended = false

  constructor(options: LinkOptions<Mine, Theirs>) {
    this.#options = options
    const { port, clock, tracing = noTracing } = options
    this.#tracing = tracing
    this.#heardAt = clock.monotonic()
    port.on('message', (message: Message) => this.#receive(message))
    port.on('close', () => this.#end())
    this.#stopBeating = clock.every(BEAT_EVERY, () => this.#beat())
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Nothing was heard from the other end for longer than it should be silent. */
  get silent(): boolean {
    return this.#silent
  }

  /** Asks the other end; rejects with ROOM_UNAVAILABLE when it ends first, TIMEOUT when `timeoutMs` passes. */
  ask<Name extends keyof Mine['asks'] & string>(
    name: Name,
    argument: Parameters<Mine['asks'][Name]>[0],
    timeoutMs: Milliseconds = 10_000,
  ): Promise<Awaited<ReturnType<Mine['asks'][Name]>>> {
    if (this.#ended) return Promise.reject(unavailable(name))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(timeoutMs, () => {
        this.#pending.delete(id)
        reject(new PenstockError('TIMEOUT', `No answer to "${name}" within ${timeoutMs} ms`))
      })
      this.#pending.set(id, {
        resolve: (value) => {
          cancel()
          resolve(value as Awaited<ReturnType<Mine['asks'][Name]>>)
        },
        reject: (error) => {
          cancel()
          reject(error)
        },
      })
      const trace = this.#tracing.current()
      this.#post({ kind: 'ask', id, name, argument, ...(trace === undefined ? {} : { trace }) })
    })
  }

  /** Tells the other end; lost without an error when it is gone. */
  tell<Name extends keyof Mine['tells'] & string>(
    name: Name,
    note: Mine['tells'][Name],
    transfer: Transferable[] = [],
  ): void {
    if (!this.#ended) this.#options.port.postMessage({ kind: 'note', name, note } satisfies Message, transfer)
  }

  /** Sends a batch and gives its columns away; false, with the batch untouched, while no credit is left. */
  sendBatch(batch: SampleBatch, traces: readonly TraceParent[] = []): boolean {
    if (this.#ended) return false
    if (this.#credits === 0) {
      this.#wanting = true
      return false
    }
    this.#credits--
    const { tag, bits, status, sourceTime, serverTime, textRow, arrayRow } = batch
    this.#options.port.postMessage(
      { kind: 'batch', batch, ...(traces.length > 0 ? { traces } : {}) } satisfies Message,
      [
        tag.buffer as ArrayBuffer,
        bits.buffer as ArrayBuffer,
        status.buffer as ArrayBuffer,
        sourceTime.buffer as ArrayBuffer,
        serverTime.buffer as ArrayBuffer,
        textRow.buffer as ArrayBuffer,
        arrayRow.buffer as ArrayBuffer,
      ],
    )
    return true
  }

  /** Whether `sendBatch` would take one now; if not, `onCredit` is called as soon as it would. */
  wantsBatch(): boolean {
    if (this.#ended) return false
    this.#wanting = this.#credits === 0
    return !this.#wanting
  }

  close(): void {
    this.#end()
    this.#options.port.close()
  }

  #post(message: Message): void {
    if (!this.#ended) this.#options.port.postMessage(message)
  }

  #receive(message: Message): void {
    if (this.#ended) return
    this.#heardAt = this.#options.clock.monotonic()
    if (this.#silent) {
      this.#silent = false
      this.#options.onSilence?.(false)
    }
    switch (message.kind) {
      case 'ask':
        this.#tracing.within(message.trace, () => this.#answer(message.id, message.name, message.argument))
        return
      case 'answer':
        this.#settle(message.id)?.resolve(message.value)
        return
      case 'refusal':
        this.#settle(message.id)?.reject(new Error(message.message))
        return
      case 'note':
        this.#options.hears[message.name as keyof Theirs['tells']]?.(message.note as never)
        return
      case 'batch':
        this.#take(message.batch, message.traces ?? [])
        return
      case 'credit':
        this.#credits += message.batches
        if (!this.#wanting) return
        this.#wanting = false
        this.#options.onCredit?.()
        return
      case 'beat':
        return
    }
  }

  #take(batch: SampleBatch, traces: readonly TraceParent[]): void {
    const credit = () => this.#post({ kind: 'credit', batches: 1 })
    const taking = this.#options.onBatch?.(batch, traces)
    if (taking instanceof Promise) void taking.then(credit)
    else credit()
  }

  #answer(id: number, name: string, argument: unknown): void {
    const handler = this.#options.serves[name as keyof Theirs['asks']]
    if (!handler) {
      this.#post({ kind: 'refusal', id, message: `Unknown request "${name}"` })
      return
    }
    // The handler begins at once: the messages after this one may build on what it does.
    const answer = Promise.try(handler, argument as never)
    answer.then(
      (value) => this.#post({ kind: 'answer', id, value }),
      (error: unknown) => this.#post({ kind: 'refusal', id, message: describeError(error) }),
    )
  }

  #settle(id: number) {
    const waiting = this.#pending.get(id)
    this.#pending.delete(id)
    return waiting
  }

  #beat(): void {
    this.#post({ kind: 'beat' })
    if (this.#silent || this.#options.clock.monotonic() - this.#heardAt < SILENCE_AFTER) return
    this.#silent = true
    this.#options.onSilence?.(true)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stopBeating()
    for (const [, waiting] of this.#pending) waiting.reject(unavailable('the request'))
    this.#pending.clear()
    this.#options.onEnd?.()
  }
}

function unavailable(name: string): PenstockError {
  return new PenstockError('ROOM_UNAVAILABLE', `"${name}" cannot be answered: the other room is gone`)
}
