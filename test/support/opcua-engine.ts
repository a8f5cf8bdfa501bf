import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { AuditEntry } from '../../src/core/audit.ts'
import { ChangeFeed } from '../../src/core/change-feed.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import {
  type Actor,
  type CommandAnswer,
  type CommandRecord,
  type CommandRequest,
  isFinal,
} from '../../src/core/command.ts'
import type { SourceHealth } from '../../src/core/health.ts'
import type { AskedHistoryEdit, EditAnswer } from '../../src/core/history-edit.ts'
import { Pipeline } from '../../src/core/pipeline.ts'
import type { Plant } from '../../src/core/plant.ts'
import { changeBetween } from '../../src/core/plant-change.ts'
import type { SampleBatch } from '../../src/core/sample.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import type { EngineHealth, FromEngine, ToEngine } from '../../src/link/contract.ts'
import { Link } from '../../src/link/link.ts'

export const noCounters: SourceHealth['counters'] = {
  connects: 0,
  connectFailures: 0,
  requests: 0,
  timeouts: 0,
  refusals: 0,
  strays: 0,
  skippedCycles: 0,
  events: 0,
  duplicates: 0,
  late: 0,
  malformed: 0,
  lostUplinks: 0,
  misfits: 0,
  unknownEvents: 0,
}

const history = { ok: true, reason: '', written: 0, waiting: 0, lost: 0, lastCommitAt: null, slowestCommitMs: 0 }

/** The engine's end of its link to the OPC UA room, with the real tag table behind it and no sources. */
export class EngineStandIn {
  readonly pipeline: Pipeline
  readonly indexing: TagIndexing
  /** The other end, for the room. */
  readonly port: MessagePort
  readonly link: Link<FromEngine, ToEngine>
  #plant: Plant
  #revision = 0
  /** Set to hold the first values back; `release` sends them. */
  holding = false
  /** Resolves when the room has subscribed for the first time. */
  readonly subscribed: Promise<void>
  #onSubscribed: (() => void) | undefined
  #feed: ChangeFeed | undefined
  #unlisten: (() => void) | undefined
  health: EngineHealth
  /** What the room wants in the audit log. */
  readonly audited: AuditEntry[] = []
  /** What becomes of changes of the history. */
  editHistory: (asked: AskedHistoryEdit) => Promise<EditAnswer> = () => Promise.reject(new Error('nothing is recorded'))

  constructor(plant: Plant, clock: Clock = systemClock) {
    const { port1, port2 } = new MessageChannel()
    this.#plant = plant
    this.port = port2
    this.indexing = new TagIndexing(plant)
    this.pipeline = new Pipeline(this.indexing.present, systemClock)
    this.health = {
      startedAt: 0,
      tags: this.indexing.tags.length,
      sources: plant.sources.map((source) => connected(source.key, source.devices)),
      merged: 0,
      commands: { waiting: 0, limit: 10_000 },
      store: { ok: true, reason: '', lastCommitAt: null, history },
    }
    this.subscribed = new Promise((resolve) => {
      this.#onSubscribed = resolve
    })
    this.link = new Link<FromEngine, ToEngine>({
      port: port1,
      clock,
      serves: {
        plant: () => ({ revision: this.#revision, plant: this.#plant, ids: this.indexing.ids }),
        subscribe: ({ revision }) => {
          if (revision !== this.#revision) return false
          this.link.tell('sources', this.health.sources)
          this.link.tell('commands', [...this.#open.values()])
          this.#onSubscribed?.()
          if (!this.holding) setImmediate(() => this.release())
          return true
        },
        store: () => ({ ...this.health.store, sink: this.health.sink }),
        editHistory: (asked) => this.editHistory(asked),
        command: (request) => this.onCommand(request),
        cancelCommand: (of) => this.onCancel(of),
      },
      hears: { audit: (entries) => void this.audited.push(...entries) },
      onCredit: () => this.flush(),
    })
  }

  /** What becomes of a command; refused unless a test says otherwise. */
  onCommand: (request: CommandRequest) => CommandAnswer | Promise<CommandAnswer> = ({ device }) =>
    refusedCommand(`${device} takes no commands`)

  /** What becomes of a command that is to be taken back; there is none unless a test says otherwise. */
  onCancel = ({ id }: { readonly id: number; readonly by: Actor }): CommandAnswer =>
    refusedCommand(`There is no command ${id}`)

  /** Commands that are accepted and go on. */
  readonly #open = new Map<number, CommandRecord>()
  #commands = 0

  /** Accepts a command and says so, as the engine does. */
  accept({ device, order, by, priority = 0, deadline = Date.now() + 60_000 }: CommandRequest): CommandRecord {
    const now = Date.now()
    const id = ++this.#commands
    const times = { acceptedAt: now, changedAt: now, deadline }
    return this.tellCommand({ id, device, order, by, state: 'queued', reason: '', priority, ...times })
  }

  /** A command came into another state, of which a room that subscribed is told. */
  tellCommand(record: CommandRecord, change: Partial<CommandRecord> = {}): CommandRecord {
    const now = { ...record, ...change }
    if (isFinal(now.state)) this.#open.delete(now.id)
    else this.#open.set(now.id, now)
    this.link.tell('commands', [now])
    return now
  }

  tag(id: string): number {
    const tag = this.indexing.byId(id)
    if (!tag) throw new Error(`no tag ${id}`)
    return tag.index
  }

  /** Makes the plant another one; resolves when the room shows it. */
  async changePlant(plant: Plant): Promise<void> {
    const change = changeBetween(this.#plant, plant)
    this.#plant = plant
    this.#revision++
    this.pipeline.change(this.indexing.apply(change, plant))
    await this.link.ask('changePlant', { revision: this.#revision, change })
  }

  /** Sends what has changed. */
  flush(): void {
    this.#feed?.flush()
  }

  /** Sends a batch as it is, for rows that the tag table would not make. */
  send(batch: SampleBatch): void {
    this.link.sendBatch(batch)
  }

  die(): void {
    this.link.close()
  }

  /** Begins a new feed: every tag once, then every change. */
  release(): void {
    this.#unlisten?.()
    const { link } = this
    this.#feed = new ChangeFeed(this.pipeline.table, {
      send: (batch) => link.sendBatch(batch),
      wantsBatch: () => link.wantsBatch(),
      due: () => setImmediate(() => this.flush()),
    })
    this.#unlisten = this.pipeline.listen(this.#feed)
    this.#feed.flush()
  }
}

export const connected = (key: string, devices: readonly { key: string }[]): SourceHealth => ({
  key,
  state: 'connected',
  reason: '',
  since: 1_750_000_000_000,
  counters: noCounters,
  devices: devices.map((device) => ({ key: device.key, state: 'online', reason: '' })),
})

const refusedCommand = (reason: string): CommandAnswer => ({ refused: { status: StatusCode.BadNotSupported, reason } })
