import { device, source, tag } from '../../support/modbus-plant.ts'
import { type Experiment, makeRow } from '../row.ts'
import { startLibmodbusFleet } from '../support/libmodbus-fleet.ts'
import { pause, pollModbus } from '../support/polled-modbus.ts'
import { residentMegabytesOf } from '../support/program.ts'

const DEVICES = 500
const REGISTERS = 200
const POLL_MS = 1_000
const SETTLE_MS = 25_000
const MEASURE_MS = 20_000
const MOST_PERCENT = 25
const MOST_LATENESS_MS = 50
const MOST_MEGABYTES = 250

/** Many devices, each on a connection of its own, of which every value is another in every cycle. */
export const modbusFleet: Experiment = {
  rows: {
    'modbus-500-cpu': 'percent of a core that polling takes, 500 devices x 200 tags at 1 s, up to the tag table',
    'modbus-500-lateness': 'milliseconds that a cycle begins late, 99 of 100',
    'modbus-500-skipped': 'cycles that were left out, of all',
    'modbus-500-memory': 'megabytes resident',
  },
  async measure(say) {
    const fleet = await startLibmodbusFleet()
    const polled = await pollModbus(plantOf(fleet.port))
    const counted = (counter: 'requests' | 'skippedCycles' | 'timeouts') =>
      polled.reduce((sum, { context }) => sum + context.counted(counter), 0)
    say(`${DEVICES} devices connect`)
    await pause(SETTLE_MS)
    const before = { requests: counted('requests'), skipped: counted('skippedCycles'), cpu: process.cpuUsage() }
    const startedAt = performance.now()
    await pause(MEASURE_MS)
    const elapsedMs = performance.now() - startedAt
    const { user, system } = process.cpuUsage(before.cpu)
    const requests = counted('requests') - before.requests
    const skipped = counted('skippedCycles') - before.skipped
    const lateness = polled.map(({ source: each }) => each.polling?.()?.latenessP99Ms ?? Number.POSITIVE_INFINITY)
    const megabytes = residentMegabytesOf(process.pid)
    await Promise.all(polled.map(({ source: each }) => each.stop()))
    await fleet.end()
    if (counted('timeouts') > 0) say(`${counted('timeouts')} timeouts`)
    const cycles = (DEVICES * elapsedMs) / POLL_MS
    say(`${requests} requests in ${Math.round(elapsedMs)} ms`)
    return [
      limited('modbus-500-cpu', '%', (user + system) / 1_000 / elapsedMs / 0.01, MOST_PERCENT),
      limited(
        'modbus-500-lateness',
        'ms',
        lateness.toSorted((a, b) => a - b)[DEVICES >> 1] as number,
        MOST_LATENESS_MS,
      ),
      makeRow({
        name: 'modbus-500-skipped',
        unit: 'cycles',
        value: skipped,
        baseline: cycles,
        goal: 'none',
        ok: (value) => value === 0,
      }),
      limited('modbus-500-memory', 'MB', megabytes, MOST_MEGABYTES),
    ]
  },
}

const limited = (name: string, unit: string, value: number, most: number) =>
  makeRow({ name, unit, value, baseline: most, goal: `<= ${most} ${unit}`, ok: (_value, ratio) => ratio <= 1 })

const plantOf = (port: number) =>
  Array.from({ length: DEVICES }, (_, n) => {
    const tags = Array.from({ length: REGISTERS }, (_tag, at) =>
      tag(`r${at}`, { type: 'UInt16', address: `holding:${at}` }),
    )
    return source([device(`plc${n}`, { tags, pollMs: POLL_MS })], { key: `line${n}`, port })
  })
