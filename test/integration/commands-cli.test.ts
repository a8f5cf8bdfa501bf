import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { LocalGateway } from '../../src/cli/config/local-gateway.ts'
import { audit } from '../../src/cli/orders/audit.ts'
import { cancel } from '../../src/cli/orders/cancel.ts'
import { list } from '../../src/cli/orders/list.ts'
import { send } from '../../src/cli/orders/send.ts'
import { CommandGateway } from '../support/command-gateway.ts'
import { type PlantFolder, writePlant } from '../support/gateway.ts'
import { ScriptedPlant } from '../support/scripted-plant.ts'

let devices: ScriptedPlant
let plant: PlantFolder
let gateway: CommandGateway
const never = new AbortController().signal

beforeAll(async () => {
  devices = new ScriptedPlant()
  const port = await devices.start()
  const tag = {
    key: 'setpoint',
    type: 'Double',
    access: 'readWrite',
    address: 'holding:0',
    range: { low: 5, high: 30 },
  }
  const heat = {
    key: 'heat',
    parameters: [{ key: 'to', type: 'Double' }],
    writes: [{ tag: 'setpoint', value: '$to' }],
    needsConfirmation: true,
  }
  const boiler = { key: 'boiler', unitId: 1, tags: [tag], commands: [heat] }
  plant = await writePlant([{ key: 'line', kind: 'modbus', host: '127.0.0.1', port, devices: [boiler] }])
  gateway = await CommandGateway.start(plant)
})
afterAll(async () => {
  await gateway.kill()
  await devices.stop()
  plant.remove()
})

function anOutput() {
  const lines: string[] = []
  const notices: string[] = []
  return { lines, notices, line: (text: string) => lines.push(text), notice: (text: string) => notices.push(text) }
}
const flags = { priority: '0', wait: true }
const local = () => new LocalGateway({ url: gateway.url, config: plant.file }, plant.env)

it('an operator sends a value, sees that the device took it, and finds who did it', async () => {
  devices.answer = ({ what }) => (what === 'may' ? 'sent' : 'confirmed')
  const out = anOutput()
  expect(await send(local(), 'boiler/setpoint', ['21.5'], flags, out, never)).toBe(0)
  expect(out.lines).toEqual(['1: boiler/setpoint = 21.5 is confirmed'])
  expect(await send(local(), 'boiler', ['heat', 'to=20'], { ...flags, confirmed: true, key: 'once' }, out, never)).toBe(
    0,
  )
  expect(await send(local(), 'boiler', ['heat', 'to=20'], { ...flags, confirmed: true, key: 'once' }, out, never)).toBe(
    0,
  )
  expect(out.lines.slice(1)).toEqual(Array(2).fill('2: boiler heat(to=20) is confirmed'))

  const table = anOutput()
  expect(await list(local(), undefined, { limit: '5' }, table, never)).toBe(0)
  expect(table.lines).toMatchObject(
    [/^1 .*confirmed .*setpoint = 21.5/, /^2 .*confirmed .*heat/].map((line) => expect.stringMatching(line)),
  )
  const one = anOutput()
  await list(local(), '1', { limit: '5' }, one, never)
  expect(one.lines.map((line) => line.split(/\s+/)[1])).toEqual(['boiler/setpoint', 'queued', 'sending', 'confirmed'])
  const log = anOutput()
  expect(await audit(local(), { limit: '3' }, log)).toBe(0)
  expect(log.lines.at(0)).toMatch(/local \(cli .*127\.0\.0\.1\) .*command\.accept .*boiler\/heat/)
})

it('what is refused ends with a code for scripts, and says why', async () => {
  const out = anOutput()
  const refused = (target: string, ...words: string[]) => send(local(), target, words, flags, out, never)
  await expect(refused('boiler/setpoint', '31')).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/^BadOutOfRange: /),
  })
  await expect(refused('boiler', 'heat', 'to=20')).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/^BadRequestNotAllowed/),
  })
  await expect(refused('boilr/setpoint', '21')).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringMatching(/Did you mean boiler/),
  })
  await expect(refused('boiler/setpoint')).rejects.toMatchObject({ exitCode: 2 })
  await expect(refused('boiler', 'heat', '20')).rejects.toMatchObject({ exitCode: 2 })
  expect(out.lines).toEqual([])
})

it('what waits can be taken back, and a list goes on with what changes', async () => {
  devices.answer = () => 'queued'
  const out = anOutput()
  expect(await send(local(), 'boiler/setpoint', ['22'], { ...flags, wait: false, json: true }, out, never)).toBe(0)
  const { id } = JSON.parse(out.lines[0] ?? '') as { id: number }
  const stop = new AbortController()
  const watched = anOutput()
  const watching = list(local(), undefined, { limit: '5', watch: true }, watched, stop.signal)
  await vi.waitFor(() => expect(watched.lines.at(-1)).toMatch(/queued|sending/))
  expect(await cancel(local(), String(id), out)).toBe(0)
  expect(out.lines.at(-1)).toBe(`${id}: boiler/setpoint = 22 is cancelled`)
  await vi.waitFor(() => expect(watched.lines.at(-1)).toMatch(/cancelled/), { timeout: 10_000 })
  stop.abort()
  expect(await watching).toBe(0)
  await expect(cancel(local(), '1', out)).rejects.toMatchObject({ exitCode: 4 })
})

it('who cannot read the data folder commands nothing and sees nothing', async () => {
  const asked = (method: string, path: string) =>
    fetch(`${gateway.url}${path}`, { method }).then(({ status }) => status)
  expect(await Promise.all([asked('GET', '/commands'), asked('POST', '/commands'), asked('GET', '/audit')])).toEqual([
    401, 401, 401,
  ])
})
