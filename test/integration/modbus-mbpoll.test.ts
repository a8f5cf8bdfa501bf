import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ModbusSourceConfig } from '../../src/core/plant.ts'
import { ModbusDriver } from '../../src/sources/modbus/driver.ts'
import { planReads } from '../../src/sources/modbus/read-plan.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'

/** mbpoll, a Modbus client that we did not write, reads the same device as we do: both must find the same there. */
const run = promisify(execFile)
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const START = 10
const COUNT = 5
const tables = [
  { area: 'coil', code: '0', type: 'Boolean' },
  { area: 'discrete', code: '1', type: 'Boolean' },
  { area: 'input', code: '3', type: 'UInt16' },
  { area: 'holding', code: '4', type: 'UInt16' },
] as const

/** What mbpoll finds in a table of a unit; it counts addresses from 1. */
async function mbpoll(port: number, unitId: number, code: string): Promise<number[]> {
  const what = ['-a', String(unitId), '-t', code, '-r', String(START + 1), '-c', String(COUNT)]
  const { stdout } = await run('mbpoll', ['-m', 'tcp', '-p', String(port), ...what, '-1', '127.0.0.1'])
  return [...stdout.matchAll(/^\[\d+\]:\s+(\d+)/gm)].map(([, value]) => Number(value))
}

/** What we find in all tables of both units. */
async function ours(config: ModbusSourceConfig): Promise<Record<string, number[]>> {
  const context = new RecordingContext(systemClock)
  const driver = new ModbusDriver(config, context)
  const session = await driver.connect(new AbortController().signal)
  const found: Record<string, number[]> = {}
  for (const each of devicesOf(config)) {
    for (const block of planReads(each, each.tags)) await session.read(block, context.sink)
    for (const {
      index,
      tag: { key },
    } of each.tags) {
      const table = `${each.device.unitId} ${key.split('-')[0]}`
      found[table] = [...(found[table] ?? []), Number(context.sink.last.get(index)?.value)]
    }
  }
  await session.close()
  return found
}

const units = [1, 2].map((unitId) =>
  device(`unit${unitId}`, {
    unitId,
    tags: tables.flatMap(({ area, type }) =>
      Array.from({ length: COUNT }, (_, i) => tag(`${area}-${i}`, { type, address: `${area}:${START + i}` })),
    ),
  }),
)

async function filled(): Promise<PymodbusServer> {
  const server = await PymodbusServer.start()
  ends.push(() => server.stop())
  for (const unit of [1, 2]) {
    for (const area of ['holding', 'input'] as const) {
      const hex = area === 'holding' ? `000${unit}7fff8000ffff1234` : `00${unit}00a0bcafe00000001`.padEnd(20, '0')
      await server.bytes({ unit, area, address: START }, hex)
    }
    await server.bits({ unit, area: 'coil', address: START }, 1, 0, unit - 1, 1, 1)
    await server.bits({ unit, area: 'discrete', address: START }, 0, 1, 1, unit - 1, 0)
  }
  return server
}

it('mbpoll and Penstock find the same in every table of two units', async () => {
  const { port } = await filled()
  const theirs: Record<string, number[]> = {}
  for (const unitId of [1, 2]) {
    for (const { area, code } of tables) theirs[`${unitId} ${area}`] = await mbpoll(port, unitId, code)
  }
  expect(theirs['2 holding']).toEqual([2, 0x7fff, 0x8000, 0xffff, 0x1234])
  expect(await ours(source(units, { port }))).toEqual(theirs)
})
