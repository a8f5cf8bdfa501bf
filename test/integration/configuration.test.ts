import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { apply, change, check, diff, placeOf, restore, versions } from '../../src/cli/config/configuration-commands.ts'
import { LocalGateway } from '../../src/cli/config/local-gateway.ts'
import { exportTags, importTags } from '../../src/cli/tags.ts'
import { modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { shared } from '../support/shared.ts'

/** The commands `penstock config …` against a gateway in a process of its own. */
const LEVEL = { key: 'level', type: 'UInt16', address: 'holding:0' }
const TOTAL = { key: 'total', type: 'UInt32', address: 'holding:40' }
const TAGS = 'sources/line/devices/meter/tags'

let meter: PymodbusServer
let plant: PlantFolder
let running: GatewayProcess
let scada: ScadaClient
let said: string[]
const out = { line: (text: string) => void said.push(text), notice: (text: string) => void said.push(text) }
const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 30_000, interval: 100 })
const local = () => new LocalGateway({ url: `http://127.0.0.1:${plant.httpPort}`, config: plant.file }, plant.env)
const start = async () => {
  running = new GatewayProcess(plant)
  scada = await vi.waitFor(() => ScadaClient.connect(plant.endpointUrl), { timeout: 30_000, interval: 200 })
}

shared(
  async () => {
    meter = await PymodbusServer.start()
    await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 42 })
    await meter.put({ area: 'holding', address: 40, encoding: 'uint32', value: 70_000 })
    plant = await writePlant([modbusSource(meter.port, [LEVEL])])
    await start()
  },
  async () => {
    await scada?.end()
    await running?.end()
    await meter?.stop()
    plant?.remove()
  },
)
/** Each test begins with the configuration as it stands in the file, and the client that is there. */
beforeEach(async () => {
  await apply(local(), plant.file, 'as it was', { line: () => undefined, notice: () => undefined })
  said = []
  await eventually(async () => expect(await scada.read('meter/level')).toMatchObject({ status: 'Good' }))
  await eventually(async () => expect(await scada.read('meter/total')).toMatchObject({ status: 'BadNodeIdUnknown' }))
})

it('a tag that is added on the command line is served at once, survives kill -9, and is gone after a restore', async () => {
  const level = await scada.watch('meter/level')
  await change(local(), { add: placeOf(TAGS), value: TOTAL }, 'the meter counts too', out)
  expect(said).toEqual([`${TAGS}/total: added`, 'Version 2 holds.'])
  await eventually(async () => expect(await scada.read('meter/total')).toMatchObject({ value: 70_000, status: 'Good' }))
  expect(new Set(level().map(({ status }) => status))).toEqual(new Set(['Good']))
  expect(scada.reconnects).toBe(0)

  await running.end('SIGKILL')
  await scada.end()
  await start()
  await eventually(async () => expect(await scada.read('meter/total')).toMatchObject({ value: 70_000, status: 'Good' }))

  said = []
  await restore(local(), '1', '', out)
  expect(said).toEqual([`${TAGS}/total: removed`, 'Version 3 holds.'])
  await eventually(async () => expect(await scada.read('meter/total')).toMatchObject({ status: 'BadNodeIdUnknown' }))
  said = []
  await versions(local(), false, out)
  expect(said.map((line) => line.replace(/\S+Z/, 'TIME'))).toEqual([
    '3  TIME  local  version 1 restored',
    '2  TIME  local  the meter counts too',
    `1  TIME  system  read from ${plant.file}`,
  ])
  said = []
  await diff(local(), '2', undefined, out)
  expect(said).toEqual([`${TAGS}/total: removed`])
})

it('tags go into a table and come back changed on the command line, live', async () => {
  const file = join(plant.folder, 'tags.csv')
  await exportTags(local(), file, {}, out)
  expect(said).toEqual([`Rows in ${file}: 1.`])
  writeFileSync(file, `${readFileSync(file, 'utf8')}line,meter,total,,UInt32,holding:40\r\n`)
  said = []
  await importTags(local(), file, { preview: true, message: '' }, out)
  expect(said).toEqual([`Rows in ${file}: 2.`, `${TAGS}/total: added`])
  await importTags(local(), file, { message: 'from a spreadsheet' }, out)
  await eventually(async () => expect(await scada.read('meter/total')).toMatchObject({ value: 70_000, status: 'Good' }))
  writeFileSync(file, 'device,key\nghost,x\n')
  await expect(importTags(local(), file, { message: '' }, out)).rejects.toThrow(
    /line 2: device: There is no device "ghost"/,
  )
  expect(scada.reconnects).toBe(0)
})

it('a wrong change is refused with every reason, and a file says beforehand what it would change', async () => {
  const broken = change(
    local(),
    { add: placeOf(TAGS), value: { ...TOTAL, type: 'UInt33', address: 'somewhere' } },
    '',
    out,
  )
  await expect(broken).rejects.toThrow(/tags\[1\]\.type[\s\S]*UInt33/)
  const file = join(plant.folder, 'next.yaml')
  writeFileSync(file, JSON.stringify({ ...parse(plant.text), sources: [modbusSource(meter.port, [LEVEL, TOTAL])] }))
  await check(local(), file, out)
  expect(said).toEqual([`${TAGS}/total: added`])
  expect(await scada.read('meter/total')).toMatchObject({ status: 'BadNodeIdUnknown' })
  await apply(local(), file, '', out)
  await eventually(async () => expect(await scada.read('meter/total')).toMatchObject({ status: 'Good' }))
})

it('who does not have the token of the data folder sees and changes nothing', async () => {
  const url = `http://127.0.0.1:${plant.httpPort}/configuration`
  const token = join(plant.folder, 'data', 'local.token')
  expect(statSync(token).mode & 0o777).toBe(0o600)
  const asked = (Authorization: string) => fetch(url, { headers: { Authorization } }).then(({ status }) => status)
  expect(await fetch(url).then(({ status }) => status)).toBe(401)
  expect(await asked('Bearer wrong')).toBe(401)
  expect(await asked(`Bearer ${readFileSync(token, 'utf8').trim()}`)).toBe(200)
  const body = JSON.stringify({ edits: [{ remove: placeOf(TAGS) }] })
  expect(await fetch(url, { method: 'PUT', body }).then(({ status }) => status)).toBe(401)
})
