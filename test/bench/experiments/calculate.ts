import { silentLogger } from '../../../src/core/logger.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { PlantValues } from '../../../src/engine/plant-values.ts'
import { CalculatedSource } from '../../../src/sources/calculated/source.ts'
import { calculatedPlant, formula } from '../../support/calculated-plant.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { aTag } from '../../support/small-plant.ts'
import { type Experiment, makeRow } from '../row.ts'

const TAGS = 10_000
const ROUNDS = 30
const GOAL = 100_000

/** Every input of 10,000 formulas changes, again and again: what the engine's thread can calculate. */
export const calculate: Experiment = {
  rows: {
    'calculate-10k':
      'evaluations a second of 10,000 formulas of two inputs each, against those inputs being told alone',
  },
  async measure(say) {
    say(`${ROUNDS} rounds of ${TAGS} formulas`)
    const alone = await secondsFor(0)
    const together = await secondsFor(TAGS)
    return [
      makeRow({
        name: 'calculate-10k',
        unit: '/s',
        value: (ROUNDS * TAGS) / together,
        baseline: (ROUNDS * TAGS) / alone,
        goal: `>= ${GOAL} evaluations a second`,
        ok: (perSecond) => perSecond >= GOAL,
      }),
    ]
  },
}

async function secondsFor(formulas: number): Promise<number> {
  const clock = new ManualClock()
  const inputs = Array.from({ length: TAGS }, (_, n) => aTag(`t${n}`))
  const sum = (n: number) =>
    `if([boiler-1/t${n}] > 500, [boiler-1/t${(n + 1) % TAGS}] * 3.6, min([boiler-1/t${n}], 100) / 2)`
  const plant = calculatedPlant(
    inputs,
    Array.from({ length: formulas }, (_, n) => formula(`f${n}`, sum(n))),
  )
  const indexing = new TagIndexing(plant)
  const pipeline = new Pipeline(indexing.present, clock)
  const values = new PlantValues(pipeline, indexing)
  const { log, report } = { log: silentLogger, report: new RecordingContext(clock).report }
  const device = plant.sources[1]?.devices[0]
  if (!device) throw new Error('the plant has no calculated device')
  const devices = [{ device, tags: indexing.ofDevice('sums') }]
  const source = new CalculatedSource({ disabled: false }, devices, { clock, log, report, sink: pipeline, values })
  source.start()
  const from = performance.now()
  for (let round = 0; round < ROUNDS; round++) {
    for (let tag = 0; tag < TAGS; tag++) pipeline.polled(tag, (tag * 7 + round * 13) % 1_000)
    await clock.advance(10)
  }
  const seconds = (performance.now() - from) / 1_000
  await source.stop()
  return seconds
}
