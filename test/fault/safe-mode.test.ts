import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { modbusSource, PASSWORD, type PlantFolder, writePlant } from '../support/gateway.ts'
import { GatewayProcess } from '../support/gateway-process.ts'

/** A gateway that crashed four times is killed once more, and started again. */
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
let device: Server
let asked: number
let plant: PlantFolder
let gateway: GatewayProcess

beforeEach(async () => {
  asked = 0
  device = createServer((socket) => {
    asked++
    socket.destroy()
  })
  await new Promise<void>((resolve) => device.listen(0, '127.0.0.1', resolve))
  const { port } = device.address() as { port: number }
  plant = await writePlant([modbusSource(port, [{ key: 'level', type: 'UInt16', address: 'holding:0' }])])
})
afterEach(async () => {
  await gateway.end()
  await new Promise((resolve) => device.close(resolve))
  plant.remove()
})

const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 40_000, interval: 100 })
const readyz = async () => {
  const response = await fetch(`http://127.0.0.1:${plant.httpPort}/readyz`)
  const { checks } = (await response.json()) as { checks: { name: string; state: string; reason: string }[] }
  return { status: response.status, state: Object.fromEntries(checks.map(({ name, state }) => [name, state])) }
}
const penstock = async (...words: string[]) => {
  const local = ['--config', plant.file, '--url', `http://127.0.0.1:${plant.httpPort}`]
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...words, ...local], {
    env: { ...process.env, ...plant.env },
  })
  return stdout
}

it('after a crash loop the web is up and the sources are off, it says so and gives a support bundle, and can be left', async () => {
  const starts = join(plant.folder, 'data', 'starts.json')
  mkdirSync(join(plant.folder, 'data'), { mode: 0o700 })
  writeFileSync(starts, JSON.stringify({ unfinished: [1, 2, 3, 4].map((n) => Date.now() - n * 1_000) }))
  gateway = new GatewayProcess(plant, [])
  await eventually(() => expect(asked).toBeGreaterThan(0))
  await gateway.end('SIGKILL')
  asked = 0

  gateway = new GatewayProcess(plant, [])
  const wanted = { status: 503, state: { engine: 'ok', opcua: 'ok', 'safe-mode': 'failing' } }
  await eventually(async () => expect(await readyz()).toMatchObject(wanted))
  expect(gateway.output).toContain('THE GATEWAY IS IN SAFE MODE')
  expect((await gateway.engine()).sources).toMatchObject([{ key: 'line', state: 'stopped' }])
  expect(await penstock('safe-mode')).toContain('5 starts within 15 minutes')

  const file = join(plant.folder, 'bundle.tar.gz')
  await penstock('support', '--out', file)
  const key = readFileSync(join(plant.folder, 'data/pki/application/own/private/private_key.pem'), 'utf8')
  const token = readFileSync(join(plant.folder, 'data/local.token'), 'utf8').trim()
  const bundle = execFileSync('tar', ['-xOzf', file], { encoding: 'utf8' })
  expect(bundle).toContain('THE GATEWAY IS IN SAFE MODE')
  for (const secret of [PASSWORD, token, ...key.trim().split('\n')]) expect(bundle).not.toContain(secret)
  expect(asked).toBeLessThanOrEqual(1)

  expect(await penstock('safe-mode', '--leave')).toContain('its sources begin')
  await eventually(async () => expect((await readyz()).status).toBe(200))
  await eventually(() => expect(asked).toBeGreaterThan(1))
  await gateway.end('SIGTERM')
  expect(JSON.parse(readFileSync(starts, 'utf8'))).toEqual({ unfinished: [] })
})
