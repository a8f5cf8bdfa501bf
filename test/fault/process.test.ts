import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { ScadaClient } from '../support/scada-client.ts'

/** The gateway as a process that its supervisor starts, ends and kills. */
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
let meter: PymodbusServer
let plant: PlantFolder
const processes: ChildProcess[] = []

beforeEach(async () => {
  meter = await PymodbusServer.start()
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 42 })
  plant = await writePlant([modbusSource(meter.port, [{ key: 'level', type: 'UInt16', address: 'holding:0' }])])
})
afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  await meter.stop()
  plant.remove()
})

function start(): { child: ChildProcess; output: () => string } {
  let output = ''
  const env = { ...process.env, ...plant.env }
  const child = spawn(process.execPath, [cli, 'run', '--config', plant.file], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  processes.push(child)
  return { child, output: () => output }
}

async function readUntil(status: string): Promise<Awaited<ReturnType<ScadaClient['read']>>> {
  const scada = await vi.waitFor(() => ScadaClient.connect(plant.endpointUrl), { timeout: 30_000, interval: 200 })
  try {
    return await vi.waitFor(
      async () => {
        const shown = await scada.read('meter/level')
        expect(shown.status).toBe(status)
        return shown
      },
      { timeout: 20_000, interval: 50 },
    )
  } finally {
    await scada.end()
  }
}

it('a value survives kill -9: Uncertain with its own source time until the device speaks again', async () => {
  const first = start()
  const good = await readUntil('Good')
  // What changed is on disk at the latest a second after it changed.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const { port } = meter
  await meter.stop()

  start()
  const kept = await readUntil('UncertainNoCommunicationLastUsableValue')
  expect(kept).toMatchObject({ value: 42, type: 'UInt16' })
  expect(kept.sourceTime).toBeLessThanOrEqual(good.sourceTime as number)
  expect(kept.sourceTime).toBeGreaterThan(0)

  meter = await PymodbusServer.start(port)
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 43 })
  expect(await readUntil('Good')).toMatchObject({ value: 43 })
})

it('SIGTERM ends it in order, with exit code 0 and the last value on disk', async () => {
  const first = start()
  await readUntil('Good')
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 99 })
  await vi.waitFor(async () => expect(await readUntil('Good')).toMatchObject({ value: 99 }), { timeout: 20_000 })
  const exit = once(first.child, 'exit')
  first.child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  await meter.stop()

  start()
  expect(await readUntil('UncertainNoCommunicationLastUsableValue')).toMatchObject({ value: 99 })
})

it('SIGHUP takes the plant as the file has it now, and no session is lost; a wrong file changes nothing', async () => {
  const { child, output } = start()
  const scada = await vi.waitFor(() => ScadaClient.connect(plant.endpointUrl), { timeout: 30_000, interval: 200 })
  const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 20_000, interval: 50 })
  const level = { key: 'level', type: 'UInt16', address: 'holding:0' }
  const file = (tags: readonly object[]) => {
    const config = {
      ...(JSON.parse(plant.text) as object),
      log: { level: 'info' },
      sources: [modbusSource(meter.port, tags)],
    }
    writeFileSync(plant.file, JSON.stringify(config))
  }
  try {
    await eventually(async () => expect(await scada.read('meter/level')).toMatchObject({ status: 'Good' }))
    const seen = await scada.watch('meter/level')
    file([level, { key: 'again', type: 'Double', address: 'holding:0', encoding: 'uint16' }])
    child.kill('SIGHUP')
    await eventually(async () => expect(await scada.read('meter/again')).toMatchObject({ value: 42, status: 'Good' }))
    file([{ ...level, address: 'nowhere:0' }])
    child.kill('SIGHUP')
    await eventually(() => expect(output()).toContain('nowhere'))
    await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 43 })
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 43, status: 'Good' }))
    expect([...new Set(seen().map(({ status }) => status))]).toEqual(['Good'])
    expect(scada.reconnects).toBe(0)
  } finally {
    await scada.end()
  }
})

it('a second gateway with the same data folder is refused and says why', async () => {
  start()
  await readUntil('Good')
  const second = start()
  const [code] = await once(second.child, 'exit')
  expect(code).not.toBe(0)
  expect(second.output()).toContain('DATA_FOLDER_LOCKED')
  expect(await readUntil('Good')).toMatchObject({ value: 42 })
})
