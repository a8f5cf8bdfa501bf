import { device, source, tag } from '../../support/modbus-plant.ts'
import { type Experiment, makeRow } from '../row.ts'
import { pause, pollModbus } from '../support/polled-modbus.ts'
import { startSlowLine } from '../support/slow-line.ts'

const UNITS = 10
const DEAD = 10
const LATENCY_MS = 25
const POLL_MS = 1_000
const SETTLE_MS = 15_000
const MEASURE_MS = 60_000
const GOAL = 1.05

/** Two lines alike, polled at the same time; on one of them a unit is dead. */
export const deadDevice: Experiment = {
  rows: {
    'dead-device': `milliseconds between polls of the other units of a line of ${UNITS} of which one is dead`,
  },
  async measure(say) {
    const healthy = await startSlowLine(LATENCY_MS, new Set())
    const stricken = await startSlowLine(LATENCY_MS, new Set([DEAD]))
    const polled = await pollModbus([lineOf('healthy', healthy.port), lineOf('stricken', stricken.port)])
    say(`${UNITS} units of ${LATENCY_MS} ms each, read every ${POLL_MS} ms for ${MEASURE_MS / 1_000} s`)
    await pause(SETTLE_MS)
    const before = [healthy, stricken].map((line) => line.answered())
    await pause(MEASURE_MS)
    const after = [healthy, stricken].map((line) => line.answered())
    await Promise.all(polled.map(({ source: each }) => each.stop()))
    await Promise.all([healthy.end(), stricken.end()])
    const [baseline, value] = [UNITS, UNITS - 1].map(
      (units, at) => (MEASURE_MS * units) / ((after[at] ?? 0) - (before[at] ?? 0)),
    ) as [number, number]
    return [
      makeRow({
        name: 'dead-device',
        unit: 'ms',
        value,
        baseline,
        goal: `<= ${GOAL} x the same line without a dead unit`,
        ok: (_value, ratio) => ratio <= GOAL,
      }),
    ]
  },
}

const lineOf = (key: string, port: number) =>
  source(
    Array.from({ length: UNITS }, (_, n) =>
      device(`${key}${n}`, {
        unitId: n + 1,
        pollMs: POLL_MS,
        tags: [tag('level', { type: 'UInt16', address: 'holding:0' })],
      }),
    ),
    { key, port },
  )
