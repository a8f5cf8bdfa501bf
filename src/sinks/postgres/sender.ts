import { Backoff } from '../../core/backoff.ts'
import { type Clock, type Milliseconds, pause } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { PostgresConfig, SinkState } from '../../core/sink.ts'
import type { PostgresConnection } from './connection.ts'
import type { DeliveredEntry, Delivery } from './delivery.ts'
import { faultOf } from './faults.ts'
import { Lanes, type Queue } from './lanes.ts'
import type { Retention } from './retention.ts'

const RETRY = { first: 1_000, most: 30_000 }
/** What needs somebody's hand is tried again no faster than this. */
const REFUSED: Milliseconds = 10_000
/** After this long without an answer the session is asked whether it is still there. */
const IDLE: Milliseconds = 30_000

/** What the sender says of itself. */
export interface SenderNews {
  readonly state: SinkState
  readonly reason: string
  /** Entries that are where they belong. */
  readonly sent: readonly number[]
  /** Samples in them, and of these such as no database could take. */
  readonly samples: number
  readonly unfit: number
  readonly failures: number
}

export interface SenderParts {
  readonly settings: PostgresConfig
  readonly queue: Queue<DeliveredEntry>
  /** A session whose tables are there, and which entries it has already. */
  readonly connect: () => Promise<{
    readonly connection: PostgresConnection
    readonly delivery: Delivery
    readonly done: ReadonlyMap<string, number>
  }>
  /** What is done while there is nothing to send; absent: nothing. */
  readonly retention?: Pick<Retention, 'pauseMs' | 'step'> | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly random: () => number
  readonly tell: (news: SenderNews) => void
}

/**
 * Sends what the outbox holds, for as long as it runs: connects, sends in the order that `Lanes` says, and begins anew,
 * after a pause, whenever something fails. An entry leaves the outbox only when it is told as sent.
 */
export class Sender {
  readonly #parts: SenderParts
  readonly #backoff: Backoff
  readonly #stopping = new AbortController()
  #wake: () => void = () => undefined
  #lanes: Lanes<DeliveredEntry> | undefined
  #delivery: Delivery | undefined
  /** Keys of what is where it belongs and still in the outbox, by id. */
  readonly #taken = new Map<number, string>()
  #state: SinkState = 'starting'
  #reason = ''

  constructor(parts: SenderParts) {
    this.#parts = parts
    this.#backoff = new Backoff(RETRY, parts.random)
  }

  /** Resolves when it was stopped; never rejects. */
  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#session()
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        await this.#fail(error)
      } finally {
        this.#lanes = undefined
        this.#delivery = undefined
        this.#taken.clear()
      }
    }
  }

  /** Ends after what is under way; safe to repeat. */
  stop(): void {
    this.#stopping.abort()
    this.#wake()
  }

  /** There may be something new. */
  more(): void {
    this.#wake()
  }

  /** The outbox has these entries no more. */
  gone(ids: readonly number[]): void {
    this.#lanes?.gone(ids)
    const keys = ids.map((id) => this.#taken.get(id)).filter((key) => key !== undefined)
    for (const id of ids) this.#taken.delete(id)
    this.#delivery?.forget(keys)
  }

  async #session(): Promise<void> {
    const { connect, queue, retention, clock, settings, log } = this.#parts
    const { connection, delivery, done } = await connect()
    try {
      const { batchSize, replayRate } = settings
      const lanes = new Lanes({ queue, done: done.values(), clock, batchSize, replayRate })
      this.#lanes = lanes
      this.#delivery = delivery
      if (this.#state !== 'starting' || lanes.isReplaying) {
        log.info({ waiting: queue.waiting }, 'PostgreSQL takes samples; what waited follows behind new ones')
      }
      for (const [key, id] of done) this.#taken.set(id, key)
      this.#say(lanes, [...done.values()], 0, 0)
      while (!this.#stopping.signal.aborted) {
        await connection.check()
        const batch = lanes.next()
        if (batch) {
          const unfit = await delivery.send(batch)
          lanes.sent(batch)
          for (const { id, key } of batch.entries) this.#taken.set(id, key)
          this.#backoff.reset()
          const samples = batch.entries.reduce((sum, { count }) => sum + count, 0)
          this.#say(
            lanes,
            batch.entries.map(({ id }) => id),
            samples,
            unfit,
          )
        } else {
          if (!lanes.isReplaying && this.#state === 'replaying') {
            log.info({}, 'PostgreSQL has everything that waited')
            this.#say(lanes, [], 0, 0)
          }
          if (retention?.pauseMs === 0) {
            await retention.step(connection)
            continue
          }
          const pauseMs = Math.min(lanes.pauseMs, retention?.pauseMs ?? IDLE, IDLE)
          const hadNews = await this.#news(connection, pauseMs)
          if (!hadNews && lanes.pauseMs > IDLE) await connection.query('SELECT 1')
        }
      }
    } finally {
      connection.close()
    }
  }

  /** Waits for something new, the end of the session or of the pause; answers whether it was not the pause. */
  async #news(connection: PostgresConnection, pauseMs: Milliseconds): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (hadNews: boolean) => {
        cancel()
        unlisten()
        resolve(hadNews)
      }
      this.#wake = () => done(true)
      const cancel = this.#parts.clock.after(pauseMs, () => done(false))
      let unlisten = () => undefined as unknown
      unlisten = connection.onBroken(() => done(true))
    })
  }

  async #fail(error: unknown): Promise<void> {
    const { settings, clock, log, tell } = this.#parts
    const { state, reason } = faultOf(error, settings)
    const isNew = this.#state !== state || this.#reason !== reason
    this.#state = state
    this.#reason = reason
    if (isNew) log.warn({ error: describeError(error) }, `${reason}; samples wait in the data folder until then`)
    tell({ state, reason, sent: [], samples: 0, unfit: 0, failures: 1 })
    const delay = this.#backoff.next()
    await pause(clock, state === 'refused' ? Math.max(REFUSED, delay) : delay, this.#stopping.signal)
  }

  #say(lanes: Lanes<DeliveredEntry>, sent: readonly number[], samples: number, unfit: number): void {
    this.#state = lanes.isReplaying ? 'replaying' : 'connected'
    this.#reason = ''
    this.#parts.tell({ state: this.#state, reason: '', sent, samples, unfit, failures: 0 })
  }
}
