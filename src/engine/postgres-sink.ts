import type Database from 'better-sqlite3'
import { Backoff } from '../core/backoff.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { SinkHealth, TagDescription } from '../core/sink.ts'
import type { IndexedTag } from '../core/tag-index.ts'
import type { SenderNews } from '../sinks/postgres/sender.ts'
import { Outbox } from '../store/outbox.ts'
import type { SinkThreadData, ToSinkThread } from './serve-sink.ts'
import { type SinkThread, type StartSinkThread, startSinkThread } from './sink-thread.ts'

const RESTART = { first: 1_000, most: 60_000 }
/** What was begun is finished or undone, also where the thread is ended in the midst of it. */
const ENDS_WITHIN: Milliseconds = 500

export interface PostgresSinkParts {
  readonly database: Database.Database
  readonly data: SinkThreadData
  readonly clock: Clock
  readonly log: Logger
  readonly random: () => number
  /** Absent: a real thread. */
  readonly startThread?: StartSinkThread
}

/**
 * The engine's end of the sink: an outbox that is written with the history, and a thread of its own that sends what is
 * in it. The thread only reads here; what it has sent is deleted by the engine. Nothing that it does, or fails to do,
 * holds up the engine, and should it end, another one begins.
 */
export class PostgresSink {
  readonly outbox: Outbox
  readonly #parts: PostgresSinkParts
  readonly #restarts: Backoff
  #thread: SinkThread | undefined
  #tags: readonly TagDescription[] = []
  #secrets: Readonly<Record<string, string>>
  #stopped = true
  #endPause: (() => void) | undefined
  #onEnd: () => void = () => undefined
  #state: SinkHealth['state'] = 'starting'
  #reason = ''
  #since: Milliseconds
  #sent = 0
  #failures = 0
  #unfit = 0
  #lastSentAt: Milliseconds | null = null

  constructor(parts: PostgresSinkParts) {
    this.#parts = parts
    const { database, clock, log, data } = parts
    const onMore = () => this.#tell({ kind: 'more' })
    this.outbox = new Outbox({ database, limits: data.settings, clock, log, onMore })
    this.#restarts = new Backoff(RESTART, parts.random)
    this.#since = clock.now()
    this.#secrets = data.secrets
  }

  /** The plant has these tags. */
  start(tags: readonly IndexedTag[]): void {
    this.#stopped = false
    this.describe(tags)
    this.#begin()
  }

  /** The plant has these tags now. */
  describe(tags: readonly IndexedTag[]): void {
    this.#tags = tags.map(({ id, tag, device, source }) => ({
      tag: id,
      source: source.key,
      device: device.key,
      name: tag.name,
      unit: tag.unit ?? null,
    }))
    this.#tell({ kind: 'tags', tags: this.#tags })
  }

  /** From the next connection on. */
  useSecrets(secrets: Readonly<Record<string, string>>): void {
    this.#secrets = secrets
    this.#tell({ kind: 'secrets', secrets })
  }

  /** Ends the thread; what it has not sent stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#endPause?.()
    const thread = this.#thread
    if (!thread) return
    const ended = new Promise<void>((resolve) => {
      this.#onEnd = resolve
    })
    thread.tell({ kind: 'stop' })
    const cancel = this.#parts.clock.after(ENDS_WITHIN, () => thread.terminate())
    await ended
    cancel()
  }

  get health(): SinkHealth {
    const { waiting, waitingBytes, oldestAt, lost, reason } = this.outbox.health
    return {
      state: this.#state,
      reason: [this.#reason, reason].filter((each) => each !== '').join('; '),
      since: this.#since,
      waiting,
      waitingBytes,
      oldestAt,
      sent: this.#sent,
      failures: this.#failures,
      lost,
      unfit: this.#unfit,
      lastSentAt: this.#lastSentAt,
    }
  }

  #begin(): void {
    const { data, startThread = startSinkThread } = this.#parts
    const on = { news: (news: SenderNews) => this.#hear(news), end: (cause: string) => this.#end(cause) }
    this.#thread = startThread({ ...data, secrets: this.#secrets }, on)
    this.#tell({ kind: 'tags', tags: this.#tags })
  }

  #end(cause: string): void {
    this.#thread = undefined
    this.#onEnd()
    if (this.#stopped) return
    const { clock, log } = this.#parts
    this.#show('backoff', `The thread that sends to PostgreSQL is started again (${cause})`)
    this.#failures++
    log.error({ error: cause }, 'the thread that sends to PostgreSQL ended, and is started again')
    this.#endPause = clock.after(this.#restarts.next(), () => this.#begin())
  }

  #hear({ state, reason, sent, samples, unfit, failures }: SenderNews): void {
    const { clock, log } = this.#parts
    this.#show(state, reason)
    this.#failures += failures
    if (sent.length === 0) return
    this.#restarts.reset()
    if (unfit > 0 && this.#unfit === 0) {
      log.warn({ samples: unfit }, 'PostgreSQL does not get samples of a time that it does not have')
    }
    this.#unfit += unfit
    this.#sent += samples - unfit
    if (samples > 0) this.#lastSentAt = clock.now()
    const ids = this.outbox.confirm(sent)
    if (ids.length > 0) this.#tell({ kind: 'gone', ids })
  }

  #show(state: SinkHealth['state'], reason: string): void {
    if (this.#state !== state) this.#since = this.#parts.clock.now()
    this.#state = state
    this.#reason = reason
  }

  #tell(message: ToSinkThread): void {
    this.#thread?.tell(message)
  }
}
