import { parseArgs } from 'node:util'
import { aggregateWindows } from './experiments/aggregate-windows.ts'
import { calculate } from './experiments/calculate.ts'
import { chirpStackFleet } from './experiments/chirpstack-fleet.ts'
import { commandAccept } from './experiments/command-accept.ts'
import { deadDevice } from './experiments/dead-device.ts'
import { fieldDiagnosticsCost } from './experiments/field-diagnostics.ts'
import { historyCare } from './experiments/history-care.ts'
import { historyIngest } from './experiments/history-ingest.ts'
import { historyRead } from './experiments/history-read.ts'
import { historySize } from './experiments/history-size.ts'
import { latency } from './experiments/latency.ts'
import { modbusCpu } from './experiments/modbus-cpu.ts'
import { modbusFleet } from './experiments/modbus-fleet.ts'
import { monitoredItems } from './experiments/monitored-items.ts'
import { oneChange } from './experiments/one-change.ts'
import { postgresSink } from './experiments/postgres-sink.ts'
import { readRate } from './experiments/read-rate.ts'
import { start } from './experiments/start.ts'
import { tenThousand } from './experiments/ten-thousand.ts'
import { tracingCost } from './experiments/tracing.ts'
import { writeLatency } from './experiments/write-latency.ts'
import type { Experiment, Row } from './row.ts'

/**
 * `npm run bench` measures every row, `-- NAME…` some (`-- chirpstack-1000` all that begin so), `-- --list` names them, `-- --json` prints one line a row.
 * Each row stands beside a baseline measured in the same run, since the speed of a machine is nobody's merit.
 */
const experiments: readonly Experiment[] = [
  latency,
  tenThousand,
  start,
  readRate,
  oneChange,
  monitoredItems,
  historyIngest,
  historyRead,
  historySize,
  historyCare,
  aggregateWindows,
  postgresSink,
  commandAccept,
  calculate,
  modbusCpu,
  modbusFleet,
  deadDevice,
  writeLatency,
  fieldDiagnosticsCost,
  tracingCost,
  chirpStackFleet(1_000, 50),
  chirpStackFleet(5_000, 400),
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' }, json: { type: 'boolean' } },
})
const known = Object.assign({}, ...experiments.map(({ rows }) => rows)) as Record<string, string>
const isMeant = (name: string, positional: string) => name === positional || name.startsWith(`${positional}-`)
const unknown = positionals.filter((positional) => !Object.keys(known).some((name) => isMeant(name, positional)))
if (unknown.length > 0) {
  console.error(`No such row: ${unknown.join(', ')}. There are: ${Object.keys(known).join(', ')}`)
  process.exit(2)
}

if (values.list) {
  for (const [name, meaning] of Object.entries(known)) console.log(`${name.padEnd(34)}${meaning}`)
  process.exit(0)
}

const wanted = (name: string) => positionals.length === 0 || positionals.some((positional) => isMeant(name, positional))
const say = (progress: string) => console.error(`  ${progress}`)
let missed = 0
for (const experiment of experiments) {
  if (!Object.keys(experiment.rows).some(wanted)) continue
  const rows = (await experiment.measure(say)).filter(({ name }) => wanted(name))
  for (const row of rows) {
    console.log(values.json ? JSON.stringify(row) : inWords(row))
    if (!row.ok) missed++
  }
}
process.exit(missed === 0 ? 0 : 1)

function inWords({ name, value, unit, baseline, ratio, goal, ok }: Row): string {
  const figures = `${value} ${unit}`.padEnd(16) + `baseline ${baseline}`.padEnd(20) + `ratio ${ratio}`.padEnd(14)
  return `${name.padEnd(34)}${figures}${ok ? 'reached' : 'MISSED '}  goal: ${goal}`
}
