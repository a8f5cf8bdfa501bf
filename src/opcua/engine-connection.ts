import type { MessagePort } from 'node:worker_threads'
import type { AuditEntry } from '../core/audit.ts'
import { type Clock, type Milliseconds, pause } from '../core/clock.ts'
import type { CommandRecord } from '../core/command.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { SourceHealth } from '../core/health.ts'
import type { AskedHistoryEdit, EditAnswer } from '../core/history-edit.ts'
import type { Logger } from '../core/logger.ts'
import type { SampleBatch } from '../core/sample.ts'
import type { NumberedPlant } from '../core/tag-index.ts'
import type { TraceParent, Tracing } from '../core/tracing.ts'
import type { FromEngine, PlantStep, StoredHealth, ToEngine } from '../link/contract.ts'
import { Link } from '../link/link.ts'

const SNAPSHOT_TIMEOUT: Milliseconds = 30_000
const RETRY_EVERY: Milliseconds = 1_000
const STORE_EVERY: Milliseconds = 5_000

/** What the room does with what it hears of the engine. */
export interface EngineListener {
  /** `traces`: spans within which some of its values were told. */
  onBatch(batch: SampleBatch, traces: readonly TraceParent[]): void | Promise<void>
  /** How sources are, each with those of its devices of which there is something new: at first with all. */
  onSources(sources: readonly SourceHealth[]): void
  onStore(store: StoredHealth): void
  /** Commands whose state changed, in the order of the changes; after a subscription all that go on. */
  onCommands(records: readonly CommandRecord[]): void
  /** The plant that the engine runs now, which may be another than the one shown; resolves when it is shown. */
  showPlant(plant: NumberedPlant): Promise<void>
  /** The plant shown changes by this; resolves when it is shown. Batches come meanwhile. */
  changePlant(step: PlantStep): Promise<void>
  /** Called before each subscription; resolves when every tag has got a value since, or another call replaces this. */
  awaitSnapshot(): Promise<void>
  /** The engine is heard and every tag shows what it says (true), or it is gone or silent (false). */
  onHeard(heard: boolean): void
  /** The room cannot show what the engine runs: only a new room helps. */
  onFatal(error: PenstockError): void
}

type EngineLink = Link<ToEngine, FromEngine>

/** The room's side of the link to the engine, through the engine's deaths and silences. */
export class EngineConnection {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #listener: EngineListener
  readonly #tracing: Tracing | undefined
  readonly #stopped = new AbortController()
  readonly #stopAskingStore: () => void
  #link: EngineLink | undefined
  /** Counts what makes an attempt to come in step with the engine obsolete. */
  #attempt = 0
  #heard = false
  /** In step for the first time: from now on this comes in step again by itself. */
  #keeping = false
  /** Values came since the engine was last lost. */
  #told = false
  #lost: (() => void) | undefined

  constructor(options: { clock: Clock; log: Logger; listener: EngineListener; tracing?: Tracing | undefined }) {
    this.#tracing = options.tracing
    this.#clock = options.clock
    this.#log = options.log
    this.#listener = options.listener
    this.#stopAskingStore = options.clock.every(STORE_EVERY, () => {
      if (this.#heard && this.#link) void this.#askStore(this.#link)
    })
  }

  get heard(): boolean {
    return this.#heard
  }

  /** The engine, to be asked, while it is heard. */
  get asked(): Pick<EngineLink, 'ask'> | undefined {
    return this.#heard ? this.#link : undefined
  }

  /** Gives entries for the audit log; false while there is no engine to take them. */
  tellAudit(entries: readonly AuditEntry[]): boolean {
    if (!this.#heard || !this.#link || this.#link.ended) return false
    this.#link.tell('audit', entries)
    return true
  }

  /** Links to the engine and asks for its plant; rejects with ROOM_UNAVAILABLE or TIMEOUT. */
  async open(port: MessagePort): Promise<NumberedPlant> {
    this.#linkTo(port)
    return await this.#withNewest((link) => link.ask('plant', null))
  }

  /** Subscribes and resolves when every tag has a value; rejects with ROOM_UNAVAILABLE, TIMEOUT or STOPPED. */
  async subscribe(): Promise<void> {
    while (!this.#heard) await this.#withNewest((link) => this.#comeInStep(link, this.#attempt))
    this.#keeping = true
  }

  /** Has what is recorded of a tag changed; rejects with ROOM_UNAVAILABLE, or with why the engine could not. */
  editHistory(asked: AskedHistoryEdit): Promise<EditAnswer> {
    const link = this.#link
    if (link && this.#heard) return link.ask('editHistory', asked)
    return Promise.reject(new PenstockError('ROOM_UNAVAILABLE', 'The engine, which alone writes history, is not there'))
  }

  /** The engine is a new one, behind this port. */
  relink(port: MessagePort): void {
    this.#lose()
    const old = this.#link
    const link = this.#linkTo(port)
    old?.close()
    // Before that, whoever opens and subscribes goes on with the new link.
    if (this.#keeping) void this.#resume(link)
  }

  /** Asks again where another engine came while the one asked went. */
  async #withNewest<Answer>(ask: (link: EngineLink) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const link = this.#link
      if (!link) throw new PenstockError('STOPPED', 'The OPC UA room is not linked to the engine')
      try {
        return await ask(link)
      } catch (error) {
        if (link === this.#link) throw error
      }
    }
  }

  close(): void {
    this.#stopped.abort()
    this.#stopAskingStore()
    this.#attempt++
    this.#lost?.()
    const link = this.#link
    this.#link = undefined
    link?.close()
  }

  #linkTo(port: MessagePort): EngineLink {
    const link: EngineLink = new Link({
      port,
      clock: this.#clock,
      serves: {
        changePlant: async (step) => {
          if (link === this.#link) await this.#follow(step)
          return null
        },
      },
      hears: {
        sources: (sources) => {
          if (link === this.#link) this.#listener.onSources(sources)
        },
        commands: (records) => {
          if (link === this.#link) this.#listener.onCommands(records)
        },
      },
      onBatch: (batch, traces) => {
        if (link !== this.#link) return undefined
        this.#told = true
        return this.#listener.onBatch(batch, traces)
      },
      onSilence: (silent) => {
        if (link !== this.#link) return
        if (silent) this.#lose()
        else if (this.#keeping) void this.#resume(link)
      },
      onEnd: () => {
        if (link === this.#link) this.#lose()
      },
      ...(this.#tracing ? { tracing: this.#tracing } : {}),
    })
    this.#link = link
    return link
  }

  #lose(): void {
    this.#attempt++
    this.#lost?.()
    if (!this.#heard && !this.#told) return
    this.#heard = false
    this.#told = false
    this.#log.warn({}, 'The engine is gone or silent: every value stays and is Uncertain until it is back')
    this.#listener.onHeard(false)
  }

  /** Comes in step again, as often as it takes; gives up when something newer happens to the link. */
  async #resume(link: EngineLink): Promise<void> {
    const attempt = ++this.#attempt
    while (attempt === this.#attempt && !link.ended) {
      try {
        await this.#comeInStep(link, attempt)
        return
      } catch (error) {
        if (attempt !== this.#attempt) return
        this.#log.warn({ cause: describeError(error) }, 'The engine does not give its values yet; asked again')
      }
      await pause(this.#clock, RETRY_EVERY, this.#stopped.signal)
    }
  }

  async #comeInStep(link: EngineLink, attempt: number): Promise<void> {
    let snapshot: Promise<void>
    let revision: number
    do {
      const plant = await link.ask('plant', null)
      if (attempt !== this.#attempt) return
      await this.#listener.showPlant(plant)
      if (attempt !== this.#attempt) return
      revision = plant.revision
      snapshot = this.#listener.awaitSnapshot()
    } while (!(await link.ask('subscribe', { revision })))
    await this.#withinTime(snapshot)
    if (attempt !== this.#attempt) return
    await this.#askStore(link)
    if (attempt !== this.#attempt) return
    this.#heard = true
    this.#listener.onHeard(true)
    this.#log.info({}, 'Every tag shows what the engine says')
  }

  /** A step that was not taken makes every later number mean another tag. */
  async #follow(step: PlantStep): Promise<void> {
    try {
      await this.#listener.changePlant(step)
    } catch (cause) {
      const error = new PenstockError('ROOM_UNAVAILABLE', 'The OPC UA server could not follow a change of the plant', {
        cause,
      })
      this.#log.error({ cause: describeError(error) }, 'The OPC UA server has to start anew')
      this.#listener.onFatal(error)
    }
  }

  async #askStore(link: EngineLink): Promise<void> {
    try {
      const store = await link.ask('store', null)
      if (link === this.#link) this.#listener.onStore(store)
    } catch (error) {
      this.#log.debug({ cause: describeError(error) }, 'The engine did not say how its store is')
    }
  }

  #withinTime(snapshot: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (code: 'TIMEOUT' | 'ROOM_UNAVAILABLE', message: string) => {
        cancel()
        reject(new PenstockError(code, message))
      }
      const cancel = this.#clock.after(SNAPSHOT_TIMEOUT, () => {
        fail('TIMEOUT', `The engine did not give every tag a value within ${SNAPSHOT_TIMEOUT} ms`)
      })
      this.#lost = () => fail('ROOM_UNAVAILABLE', 'The engine was lost before it had given every tag a value')
      void snapshot.then(() => {
        cancel()
        resolve()
      })
    })
  }
}
