import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { silentLogger } from '../../../src/core/logger.ts'
import { noTracing, type Tracing } from '../../../src/core/tracing.ts'
import { CycleTraces } from '../../../src/sources/cycle-traces.ts'
import type { ReadBlock, ReadOutcome } from '../../../src/sources/driver.ts'
import { startTracing } from '../../../src/telemetry/telemetry.ts'
import { TraceScope } from '../../../src/telemetry/trace-scope.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'

const CYCLES = 200
const REQUESTS_A_CYCLE = 4
const RUNS = 60
/** A Modbus request for 125 registers, and the size of its answer. */
const asked = Buffer.alloc(12)
const ANSWER_BYTES = 259

const block: ReadBlock = { tags: [] }
type Ask = () => Promise<ReadOutcome<ReadBlock>>

/** What a poll cycle costs that could be traced, beside one that could not; and how much more one in a hundred adds. */
export const tracingCost: Experiment = {
  rows: {
    'tracing-off': 'µs of CPU a poll cycle of 4 requests over a socket with tracing off, against the same without it',
    'tracing-on': 'the same with one cycle of a hundred traced, against tracing off',
  },
  async measure(say) {
    say(`${RUNS} runs of ${CYCLES} cycles each, turn about`)
    const device = createServer((socket) => socket.on('data', () => socket.write(Buffer.alloc(ANSWER_BYTES))))
    device.listen(0, '127.0.0.1')
    await once(device, 'listening')
    const socket = connect((device.address() as AddressInfo).port, '127.0.0.1')
    await once(socket, 'connect')
    const ask = askOver(socket)
    const ratios = { poll: 0.01, call: 0, event: 0, service: 0, request: 0, upkeep: 0 }
    const settings = { endpoint: 'http://127.0.0.1:1', timeoutMs: 1_000, ratios, gateway: 'bench', version: '0' }
    const parts = { thread: 'main', scope: new TraceScope(), clock: new ManualClock(), log: silentLogger }
    const on = await startTracing(settings, { ...parts, random: Math.random })
    const cycles = [withoutTracing(ask), cycleWith(noTracing, ask), cycleWith(on.tracing, ask)] as const
    const spent: number[][] = cycles.map(() => [])
    for (let run = 0; run <= RUNS; run++) {
      // Turn about: whoever comes first has another share of what the machine does beside.
      const turns = [...cycles.entries()]
      for (const [at, cycle] of run % 2 === 0 ? turns : turns.reverse()) {
        const microseconds = await cpuOf(cycle)
        // The first are for the compiler.
        if (run > 1) spent[at]?.push(microseconds)
      }
    }
    await on.stop()
    socket.destroy()
    device.close()
    const [bare = [], off = [], traced = []] = spent
    const unit = 'µs a cycle'
    return [
      makeRow({
        ...{ name: 'tracing-off', unit, ...paired(off, bare) },
        goal: '<= 1.05 times the same without',
        ok: (_cost, ratio) => ratio <= 1.05,
      }),
      makeRow({
        ...{ name: 'tracing-on', unit, ...paired(traced, off) },
        goal: '<= 1.2 times tracing off',
        ok: (_cost, ratio) => ratio <= 1.2,
      }),
    ]
  },
}

/** The middle of what was measured, and of its ratios to what was measured beside it. */
function paired(values: readonly number[], beside: readonly number[]): { value: number; baseline: number } {
  const value = percentile(values, 0.5)
  const ratios = values.map((each, at) => each / (beside[at] ?? Number.NaN))
  return { value, baseline: value / percentile(ratios, 0.5) }
}

function askOver(socket: Socket): Ask {
  let waiting: (() => void) | undefined
  let missing = 0
  socket.on('data', ({ length }) => {
    missing -= length
    if (missing <= 0) waiting?.()
  })
  return async () => {
    missing = ANSWER_BYTES
    const answered = new Promise<void>((resolve) => {
      waiting = resolve
    })
    socket.write(asked)
    await answered
    return { kind: 'read' }
  }
}

const withoutTracing = (ask: Ask) => async () => {
  for (let request = 0; request < REQUESTS_A_CYCLE; request++) await ask()
}

function cycleWith(tracing: Tracing, ask: Ask): () => Promise<void> {
  const traces = new CycleTraces({ key: 'line', kind: 'modbus' }, tracing)
  return async () => {
    const span = traces.begin('meter', 1_000)
    for (let request = 0; request < REQUESTS_A_CYCLE; request++) await traces.request(span, block, ask)
    span?.end()
  }
}

/** Microseconds a cycle, of this process alone. */
async function cpuOf(cycle: () => Promise<void>): Promise<number> {
  const from = process.cpuUsage()
  for (let done = 0; done < CYCLES; done++) await cycle()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / CYCLES
}
