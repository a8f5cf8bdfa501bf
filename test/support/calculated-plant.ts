import { Pipeline } from '../../src/core/pipeline.ts'
import type { CalculatedSourceConfig, Plant, TagConfig } from '../../src/core/plant.ts'
import { changeBetween } from '../../src/core/plant-change.ts'
import { statusName } from '../../src/core/status-code.ts'
import { type IndexedTag, TagIndexing } from '../../src/core/tag-index.ts'
import { PlantValues } from '../../src/engine/plant-values.ts'
import { CalculatedSource } from '../../src/sources/calculated/source.ts'
import { ManualClock } from './manual-clock.ts'
import { RecordingContext } from './modbus-context.ts'
import { aModbusDevice, aPlant, aTag } from './small-plant.ts'

/** A tag `sums/<key>` that is calculated. */
export const formula = (key: string, expression: string, settings: Partial<TagConfig> = {}): TagConfig =>
  aTag(key, { address: expression, ...settings })

export function aCalculatedSource(tags: readonly TagConfig[]): CalculatedSourceConfig {
  const device = { key: 'sums', name: 'sums', disabled: false, badAfterMs: 0, tags }
  return { kind: 'calculated', key: 'calculated', name: 'calculated', disabled: false, devices: [device] }
}

/** A plant of a field device `boiler-1` with these inputs and a device `sums` with these formulas. */
export function calculatedPlant(inputs: readonly TagConfig[], formulas: readonly TagConfig[]): Plant {
  return { sources: [...aPlant([aModbusDevice('boiler-1', inputs)]).sources, aCalculatedSource(formulas)] }
}

/** The plant with its pipeline, where a calculated source runs; a test says what the inputs are. */
export class RunningCalculation {
  readonly clock = new ManualClock()
  readonly context = new RecordingContext(this.clock)
  readonly pipeline: Pipeline
  readonly source: CalculatedSource
  /** Each change of a calculated tag, as `key value status`. */
  readonly told: string[] = []
  readonly #indexing: TagIndexing
  readonly #values: PlantValues
  #plant: Plant

  constructor(inputs: readonly TagConfig[], formulas: readonly TagConfig[]) {
    this.#plant = calculatedPlant(inputs, formulas)
    this.#indexing = new TagIndexing(this.#plant)
    this.pipeline = new Pipeline(this.#indexing.present, this.clock)
    this.pipeline.start()
    this.pipeline.listen({
      changed: (index) => {
        const tag = this.#indexing.tags[index]
        if (tag?.device.key === 'sums') this.told.push(`${tag.tag.key} ${this.seen(tag.id).join(' ')}`)
      },
    })
    this.#values = new PlantValues(this.pipeline, this.#indexing)
    const { clock, context, pipeline } = this
    const devices = [{ device: aCalculatedSource(formulas).devices[0]!, tags: this.#indexing.ofDevice('sums') }]
    const { log, report } = context
    this.source = new CalculatedSource({ disabled: false }, devices, {
      clock,
      log,
      report,
      sink: pipeline,
      values: this.#values,
    })
    this.source.start()
  }

  tag(id: string): IndexedTag {
    const tag = this.#indexing.byId(id)
    if (!tag) throw new RangeError(`no tag ${id}`)
    return tag
  }

  /** The input says this at `time`, milliseconds of the epoch, or now. */
  async say(key: string, value: unknown, time = this.clock.now()): Promise<void> {
    this.pipeline.event(this.tag(`boiler-1/${key}`).index, value, time)
    await this.clock.advance(10)
  }

  async fail(key: string, status: number): Promise<void> {
    this.pipeline.failed(this.tag(`boiler-1/${key}`).index, status)
    await this.clock.advance(10)
  }

  /** The plant has these inputs now; everything follows as in the engine. */
  change(inputs: readonly TagConfig[], formulas: readonly TagConfig[]): void {
    const to = calculatedPlant(inputs, formulas)
    this.pipeline.change(this.#indexing.apply(changeBetween(this.#plant, to), to))
    this.#plant = to
    this.#values.plantChanged()
  }

  seen(id: string): [value: unknown, status: string] {
    const { index } = this.tag(id)
    const { table } = this.pipeline
    return [table.value(index), statusName(table.status[index] as number)]
  }

  timeOf(id: string): number {
    return this.pipeline.table.sourceTime[this.tag(id).index] as number
  }
}
