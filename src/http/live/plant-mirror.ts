import { randomBytes } from 'node:crypto'
import type { TagValue } from '../../core/data-type.ts'
import type { SourceHealth } from '../../core/health.ts'
import type { Plant } from '../../core/plant.ts'
import { changedPlant } from '../../core/plant-change.ts'
import type { SampleBatch } from '../../core/sample.ts'
import { isBad, StatusCode as Status, type StatusCode } from '../../core/status-code.ts'
import { type IndexedTag, type NumberedPlant, type TagIndex, TagIndexing } from '../../core/tag-index.ts'
import { TagTable } from '../../core/tag-table.ts'
import type { PlantStep } from '../../link/contract.ts'

/** What a tag shows; times are milliseconds of the epoch, NaN for none. */
export interface ShownValue {
  readonly value: TagValue | null
  readonly status: StatusCode
  readonly sourceTime: number
  readonly serverTime: number
}

/**
 * What the web knows of a running engine: its plant, and the last value of each tag. Every change has a number, so that
 * whoever knows what was there at one number is told only what is different since.
 */
export class PlantMirror {
  /** Tells this mirror from every other one, also of another run. */
  readonly epoch = randomBytes(6).toString('base64url')
  readonly #indexing: TagIndexing
  readonly #table: TagTable
  #plant: Plant
  #revision: number
  /** By tag, the number of its last change. */
  #changedAt: Float64Array
  #waiting: Uint8Array
  #waitingCount = 0
  #heard = true
  #sources = new Map<string, SourceHealth>()
  /** Number of the last change, and of those of the plant and of the sources. */
  change = 1
  plantChangedAt = 1
  sourcesChangedAt = 1
  /** Since then nothing was heard of the engine, or it is heard again. */
  heardChangedAt = 1

  constructor({ plant, ids, revision }: NumberedPlant) {
    this.#plant = plant
    this.#revision = revision
    this.#indexing = new TagIndexing(plant, ids)
    const { present, tags } = this.#indexing
    this.#table = new TagTable(present)
    this.#changedAt = new Float64Array(tags.length)
    this.#waiting = new Uint8Array(tags.length)
    for (const { index } of present) this.#waiting[index] = 1
    this.#waitingCount = present.length
  }

  get plant(): Plant {
    return this.#plant
  }

  get indexing(): TagIndexing {
    return this.#indexing
  }

  /** Of the plant; another one after every change, and in every run. */
  get revision(): string {
    return `${this.epoch}-${this.#revision}`
  }

  get heard(): boolean {
    return this.#heard
  }

  /** Every tag has been told at least once. */
  get isComplete(): boolean {
    return this.#waitingCount === 0
  }

  /** How every source is, with all of its devices. */
  get sources(): readonly SourceHealth[] {
    return [...this.#sources.values()]
  }

  /** The engine is gone or silent, so that what is known are last values; or it is heard again. */
  showHeard(heard: boolean): void {
    if (heard === this.#heard) return
    this.#heard = heard
    this.change++
    this.heardChangedAt = this.change
    this.#changedAt.fill(this.change)
  }

  apply(batch: SampleBatch): void {
    this.change++
    const { tag, bits, status, sourceTime, serverTime, textRow, text, arrayRow, array } = batch
    const integers = new BigInt64Array(bits.buffer, bits.byteOffset, bits.length)
    const table = this.#table
    for (let row = 0; row < batch.count; row++) {
      const index = tag[row] as TagIndex
      if (index >= this.#changedAt.length) continue
      table.integers[index] = integers[row] as bigint
      table.status[index] = status[row] as number
      table.sourceTime[index] = sourceTime[row] as number
      table.serverTime[index] = serverTime[row] as number
      this.#changedAt[index] = this.change
      if (this.#waiting[index] !== 1) continue
      this.#waiting[index] = 0
      this.#waitingCount--
    }
    for (const [at, row] of textRow.entries()) table.others[tag[row] as TagIndex] = text[at]
    for (const [at, row] of arrayRow.entries()) table.others[tag[row] as TagIndex] = array[at]
  }

  /** Follows a step of the plant exactly as the engine takes it. */
  changePlant({ revision, change }: PlantStep): void {
    this.#plant = changedPlant(this.#plant, change)
    this.#revision = revision
    const { added, renewed, retired } = this.#indexing.apply(change, this.#plant)
    this.change++
    this.plantChangedAt = this.change
    this.#table.add(added)
    const size = this.#indexing.tags.length
    const grown = new Float64Array(size)
    grown.set(this.#changedAt.subarray(0, size))
    this.#changedAt = grown
    const waiting = new Uint8Array(size)
    waiting.set(this.#waiting.subarray(0, size))
    this.#waiting = waiting
    for (const { index } of [...added, ...renewed]) {
      this.#table.clear(index)
      this.#table.status[index] = Status.BadWaitingForInitialData
      this.#changedAt[index] = this.change
    }
    for (const { index } of retired) {
      if (this.#waiting[index] === 1) this.#waitingCount--
      this.#waiting[index] = 0
    }
  }

  /** Each source, with those of its devices of which there is something new. */
  showSources(news: readonly SourceHealth[]): void {
    this.change++
    this.sourcesChangedAt = this.change
    const known = new Set(this.#plant.sources.map(({ key }) => key))
    for (const source of news) {
      const devices = new Map(this.#sources.get(source.key)?.devices.map((device) => [device.key, device]))
      for (const device of source.devices) devices.set(device.key, device)
      const there = new Set(this.#plant.sources.find(({ key }) => key === source.key)?.devices.map(({ key }) => key))
      const present = [...devices.values()].filter(({ key }) => there.has(key))
      this.#sources.set(source.key, { ...source, devices: present })
    }
    for (const key of this.#sources.keys()) if (!known.has(key)) this.#sources.delete(key)
  }

  changedSince(tag: TagIndex, change: number): boolean {
    return (this.#changedAt[tag] as number) > change
  }

  /** While the engine is not heard, what it said last is Uncertain (OPC 10000-8 §6.3). */
  valueOf({ index }: IndexedTag): ShownValue {
    const table = this.#table
    const status = table.status[index] as number
    const bad = isBad(status)
    return {
      value: bad ? null : table.value(index),
      status: bad || this.#heard ? status : Status.UncertainNoCommunicationLastUsableValue,
      sourceTime: table.sourceTime[index] as number,
      serverTime: table.serverTime[index] as number,
    }
  }
}
