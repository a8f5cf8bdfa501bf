import { once } from 'node:events'
import { connect } from 'node:net'
import type { TagConfig } from '../../../src/core/plant.ts'
import { device, source, tag } from '../../support/modbus-plant.ts'
import { type Experiment, makeRow } from '../row.ts'
import { startLibmodbusFleet } from '../support/libmodbus-fleet.ts'
import { type PolledModbus, pause, pollModbus } from '../support/polled-modbus.ts'

const REGISTERS = 100
const BLOCKS = 20
const RUNS = 5
const MEASURE_MS = 2_000
const GOAL = 1.5

/** One device polled without a pause, every request beside those of a loop that does nothing but ask and take. */
export const modbusCpu: Experiment = {
  rows: {
    'modbus-cpu-request': 'microseconds of processor a request of 100 registers, beside a loop on a bare socket',
    'modbus-cpu-values': 'the same with 100 tags in each request, decoded and given on',
  },
  async measure(say) {
    const fleet = await startLibmodbusFleet()
    const bare: number[] = []
    const requests: number[] = []
    const values: number[] = []
    try {
      for (let run = 1; run <= RUNS; run++) {
        say(`run ${run} of ${RUNS}: ${MEASURE_MS} ms each`)
        bare.push(await bareLoop(fleet.port))
        requests.push(await throughThePoller(fleet.port, 1))
        values.push(await throughThePoller(fleet.port, REGISTERS))
      }
    } finally {
      await fleet.end()
    }
    return [rowOf('modbus-cpu-request', requests, bare), rowOf('modbus-cpu-values', values, bare)]
  },
}

const rowOf = (name: string, values: number[], bare: number[]) =>
  makeRow({
    name,
    unit: 'µs',
    value: median(values),
    baseline: median(bare),
    goal: `<= ${GOAL} x a loop on a bare socket`,
    ok: (_value, ratio) => ratio <= GOAL,
  })

/** Microseconds of processor that this process spends on each of what `count` counts. */
async function costOf(count: () => number): Promise<number> {
  await pause(MEASURE_MS / 4)
  const before = count()
  const cpu = process.cpuUsage()
  await pause(MEASURE_MS)
  const { user, system } = process.cpuUsage(cpu)
  return (user + system) / (count() - before)
}

async function bareLoop(port: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  let answered = 0
  let transaction = 0
  let received = 0
  const ask = () => {
    const frame = Buffer.allocUnsafe(12)
    transaction = (transaction + 1) & 0xffff
    frame.writeUInt16BE(transaction, 0)
    frame.writeUInt32BE(6, 2)
    frame.writeUInt16BE(0x0103, 6)
    frame.writeUInt16BE((answered % BLOCKS) * REGISTERS, 8)
    frame.writeUInt16BE(REGISTERS, 10)
    socket.write(frame)
  }
  socket.on('data', (chunk) => {
    received += chunk.length
    if (received < 9 + 2 * REGISTERS) return
    received = 0
    answered++
    ask()
  })
  ask()
  const cost = await costOf(() => answered)
  socket.destroy()
  return cost
}

async function throughThePoller(port: number, tagsARequest: number): Promise<number> {
  const tags: TagConfig[] = []
  for (let block = 0; block < BLOCKS; block++) {
    for (let n = 0; n < tagsARequest; n++) {
      const at = block * REGISTERS + (tagsARequest === 1 ? 0 : n)
      tags.push(tag(`r${at}`, { type: 'UInt16', address: `holding:${at}` }))
    }
    if (tagsARequest > 1) continue
    const last = block * REGISTERS + REGISTERS - 1
    tags.push(tag(`r${last}`, { type: 'UInt16', address: `holding:${last}` }))
  }
  // A period in which the cycle cannot be done: the next begins at once.
  const config = source([device('plc', { tags, pollMs: 1, maxRegisters: REGISTERS, maxGap: REGISTERS })], { port })
  const [{ source: poller, context }] = (await pollModbus([config])) as [PolledModbus]
  const cost = await costOf(() => context.counted('requests'))
  await poller.stop()
  if (context.counted('timeouts') > 0) throw new Error('The server did not keep up')
  return cost
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number
