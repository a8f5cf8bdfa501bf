import { connect } from 'node:net'
import { systemClock } from '../../../src/core/clock.ts'
import type { Source } from '../../../src/sources/source.ts'
import { device, source, tag } from '../../support/modbus-plant.ts'
import { type Experiment, makeRow, percentile, type Row } from '../row.ts'
import { pause, pollModbus } from '../support/polled-modbus.ts'
import { startSlowLine } from '../support/slow-line.ts'

const LATENCY_MS = 20
const POLL_MS = 1_000
/** Requests of each cycle: more than the line carries in a period. */
const BLOCKS = 60
const WRITES = 200
const SETTLE_MS = 3_000
const SLACK_MS = 10

/** Writes to a device that is polled as fast as it answers. */
export const writeLatency: Experiment = {
  rows: {
    'write-latency': 'milliseconds to the answer to a write, p95, while polls take all of the line',
    'write-latency-read-back': 'milliseconds until a write is read back, p95, on the same line',
  },
  async measure(say) {
    const line = await startSlowLine(LATENCY_MS, new Set())
    const roundTrip = await bareRoundTrip(line.port)
    const [polled] = await pollModbus([busyLine(line.port)])
    if (!polled) throw new Error('no source')
    await pause(SETTLE_MS)
    const load = polled.source.polling?.()?.load ?? 0
    say(`polls want ${load.toFixed(2)} of the line; a bare request takes ${roundTrip.toFixed(1)} ms`)
    const answered = await writeMany(polled.source, 'echoed')
    const readBack = await writeMany(polled.source, 'held')
    await polled.source.stop()
    await line.end()
    return [
      rowOf('write-latency', answered, 2, roundTrip),
      // The request under way, the write, and the reading.
      rowOf('write-latency-read-back', readBack, 3, roundTrip),
    ]
  },
}

function rowOf(name: string, times: readonly number[], roundTrips: number, roundTrip: number): Row {
  return makeRow({
    name,
    unit: 'ms',
    value: percentile(times, 0.95),
    baseline: roundTrips * roundTrip + SLACK_MS,
    goal: `<= ${roundTrips} x a bare round trip to the device + ${SLACK_MS} ms`,
    ok: (_value, ratio) => ratio <= 1,
  })
}

const busyLine = (port: number) => {
  const written = { access: 'readWrite', type: 'UInt16' } as const
  const tags = [
    tag('echoed', { ...written, address: 'holding:1', write: { confirm: 'echo' } }),
    tag('held', { ...written, address: 'holding:2' }),
    ...Array.from({ length: BLOCKS }, (_, n) => tag(`r${n}`, { type: 'UInt16', address: `holding:${200 * (n + 1)}` })),
  ]
  return source([device('plc', { tags, pollMs: POLL_MS })], { port })
}

async function writeMany(to: Source, key: string): Promise<number[]> {
  const times: number[] = []
  const { signal } = new AbortController()
  for (let id = 1; id <= WRITES; id++) {
    const order = { kind: 'write', tag: key, value: 0 } as const
    const from = performance.now()
    const delivery = await to.outlet?.send({ id, device: 'plc', order, deadline: systemClock.now() + 10_000 }, signal)
    if (delivery?.state !== 'confirmed') throw new Error(`${key}: ${delivery?.state}, ${delivery?.reason}`)
    times.push(performance.now() - from)
    // Whenever it comes in the time of a poll.
    await pause((id * 7) % (2 * LATENCY_MS))
  }
  return times
}

/** The median of requests over a socket that asks for nothing else. */
async function bareRoundTrip(port: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const times: number[] = []
  for (let asked = 0; asked < 30; asked++) {
    const from = performance.now()
    socket.write(Buffer.of(0, asked, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1))
    await new Promise((resolve) => socket.once('data', resolve))
    times.push(performance.now() - from)
  }
  socket.destroy()
  return percentile(times, 0.5)
}
