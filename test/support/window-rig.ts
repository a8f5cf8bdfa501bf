import { withAggregates } from '../../src/core/aggregate-windows.ts'
import { AggregateEvaluation } from '../../src/core/aggregates/evaluate.ts'
import type { AggregateName } from '../../src/core/aggregates/functions.ts'
import { defaultAggregateConfiguration } from '../../src/core/aggregates/quality.ts'
import type { HistorySource, RecordedSample, SampleRange, SeriesName } from '../../src/core/history-source.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { Pipeline } from '../../src/core/pipeline.ts'
import type { ModbusDeviceConfig, Plant, TagConfig } from '../../src/core/plant.ts'
import { changeBetween, changedPlant } from '../../src/core/plant-change.ts'
import type { SampleRecorder } from '../../src/core/sample.ts'
import { statusName } from '../../src/core/status-code.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import { WindowAggregation } from '../../src/engine/windows/window-aggregation.ts'
import { ManualClock } from './manual-clock.ts'
import { memoryHistory } from './recorded-samples.ts'
import { aModbusDevice, aPlant } from './small-plant.ts'

export type Written = Map<string, Map<number, RecordedSample>>

/** A device `meter` with `tags` in a plant whose source may be of another kind. */
export function meterPlant(
  tags: readonly TagConfig[],
  kind = 'modbus',
  device: Partial<ModbusDeviceConfig> = {},
): Plant {
  const plant = aPlant([withAggregates(aModbusDevice('meter', tags, device))])
  return { sources: plant.sources.map((source) => ({ ...source, kind }) as typeof source) }
}

/** The windows of an engine, with history in memory; `written` is what an earlier run left behind. */
export class WindowRig implements HistorySource, SampleRecorder {
  readonly clock: ManualClock
  readonly written: Written
  readonly pipeline: Pipeline
  readonly windows: WindowAggregation
  /** While set, history cannot be written. */
  failure = ''
  readonly #indexing: TagIndexing
  #plant: Plant

  constructor(plant: Plant, { clock = new ManualClock(), written = new Map() as Written } = {}) {
    this.clock = clock
    this.written = written
    this.#plant = plant
    this.#indexing = new TagIndexing(plant)
    this.pipeline = new Pipeline(this.#indexing.present, clock)
    const { table } = this.pipeline
    const health = () => ({ reason: this.failure })
    this.windows = new WindowAggregation({
      sink: this.pipeline,
      table,
      source: this,
      history: {
        commit: () => Promise.resolve(),
        get health() {
          return health()
        },
      },
      clock,
      log: silentLogger,
    })
    for (const { id, index } of this.#indexing.present) {
      const last = [...(written.get(id)?.values() ?? [])].sort((a, b) => a.sourceTime - b.sourceTime).at(-1)
      if (last?.value != null) this.pipeline.restore(index, last.value, last.status, last.sourceTime, last.serverTime)
    }
    this.pipeline.recordTo(this, this.windows)
    this.windows.start(this.#indexing.present)
  }

  /** Changes the plant, as an engine does. */
  change(plant: Plant): void {
    const change = changeBetween(this.#plant, plant)
    this.#plant = changedPlant(this.#plant, change)
    const tags = this.#indexing.apply(change, this.#plant)
    this.pipeline.change(tags)
    this.windows.change(tags, (key) => this.#indexing.ofDevice(key))
  }

  index(key: string): number {
    const tag = this.#indexing.byId(`meter/${key}`)
    if (!tag) throw new Error(`no tag ${key}`)
    return tag.index
  }

  /** What clients see of a tag: value, status and the time in seconds of this minute or hour. */
  shown(key: string): unknown[] {
    const index = this.index(key)
    const { table } = this.pipeline
    const status = table.status[index] as number
    return [status >>> 30 >= 2 ? null : table.value(index), statusName(status), table.sourceTime[index]]
  }

  /** What history has of a tag, in the order of time. */
  history(key: string): RecordedSample[] {
    const samples = [...(this.written.get(`meter/${key}`)?.values() ?? [])]
    return samples.sort((one, other) => one.sourceTime - other.sourceTime)
  }

  /** What HistoryRead Processed says of one interval, without the bits that only reads have. */
  processed(key: string, aggregate: AggregateName, from: number, width: number) {
    const series = { tag: `meter/${key}`, shape: { type: 'Double' } } as const
    const plan = { start: from, end: from + width, width }
    const options = { source: this, series, config: defaultAggregateConfiguration, stepped: false }
    const interval = new AggregateEvaluation(aggregate, plan, options).interval(0)
    let step = interval.next()
    while (!step.done) step = interval.next()
    return { value: step.value.value, status: (step.value.status & 0xffff_0000) >>> 0 }
  }

  record(...[tag, value, status, sourceTime, serverTime]: Parameters<SampleRecorder['record']>): void {
    const id = this.#indexing.tags[tag]?.id ?? ''
    const samples = this.written.get(id) ?? new Map<number, RecordedSample>()
    this.written.set(id, samples.set(sourceTime, { value: value ?? null, status, sourceTime, serverTime }))
  }

  read(series: SeriesName, range: SampleRange): readonly RecordedSample[] {
    return memoryHistory([...(this.written.get(series.tag)?.values() ?? [])]).read(series, range)
  }

  summaries(): [] {
    return []
  }

  columns(): [] {
    return []
  }
}
