import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { type DemoPlant, startDemoPlant } from '../../src/demo/plant.ts'
import type { Gateway } from '../../src/main.ts'
import { administer } from '../support/administration-visit.ts'
import { API_KEY_ENV, PASSWORD, type PlantFolder, USER, writePlant } from '../support/gateway.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { looks, startBrowser, WebVisitor } from '../support/web-browser.ts'

/** What an operator does with each page, in Debian's Chromium, beside a SCADA system that must not notice any of it. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">'
const WITHIN = 15_000

let demo: DemoPlant
let folder: PlantFolder
let gateway: Gateway
let browser: Browser
let scada: ScadaClient
let visitor: WebVisitor

beforeAll(async () => {
  demo = await startDemoPlant(systemClock, Math.random)
  folder = await writePlant(
    [
      {
        key: 'lora',
        kind: 'chirpstack',
        url: `http://127.0.0.1:${demo.chirpStackPort}`,
        tenantId: demo.tenantId,
        rules: [{ profile: '*', template: 'auto', accept: 'propose' }],
        devices: [
          {
            key: 'hall-climate',
            name: HOSTILE,
            devEui: 'a81758fffe0a1001',
            tags: [{ key: 'temperature', name: HOSTILE, type: 'Double', address: 'object.temperature', unit: '°C' }],
          },
        ],
      },
      {
        key: 'line',
        name: 'Modbus line',
        kind: 'modbus',
        host: '127.0.0.1',
        port: demo.modbusPort,
        timeout: '300ms',
        devices: [
          {
            key: 'pump',
            name: 'Pump and tank',
            unitId: 2,
            poll: '200ms',
            history: 'change',
            wordOrder: 'little',
            commands: [
              {
                key: 'fill',
                name: 'Fill the tank',
                parameters: [{ key: 'from', name: 'From', type: 'UInt16', unit: '%', range: { low: 0, high: 100 } }],
                writes: [{ tag: 'start-level', value: '$from' }],
                needsConfirmation: true,
              },
            ],
            tags: [
              {
                key: 'level',
                name: 'Level',
                type: 'Double',
                encoding: 'uint16',
                address: 'input:0',
                unit: '%',
                transform: { scale: 0.1 },
              },
              {
                key: 'start-level',
                name: 'Start level',
                type: 'UInt16',
                address: 'holding:0',
                unit: '%',
                access: 'readWrite',
                range: { low: 0, high: 100 },
              },
              { key: 'pumped', name: 'Pumped volume', type: 'Int32', address: 'input:10', unit: 'l' },
              { key: 'running', name: 'Pump runs', type: 'Boolean', address: 'discrete:0', states: ['Stands', 'Runs'] },
            ],
          },
          {
            key: 'ghost',
            name: 'Unit that is not there',
            unitId: 99,
            poll: '500ms',
            tags: [{ key: 'x', name: 'Never read', type: 'UInt16', address: 'holding:0' }],
          },
        ],
      },
    ],
    { [API_KEY_ENV]: demo.apiKey },
  )
  folder = withMoreUsers(folder)
  gateway = await startGatewayOf(folder)
  ;[scada, browser] = await Promise.all([ScadaClient.connect(folder.endpointUrl), startBrowser()])
  visitor = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, looks.light)
  await visitor.open('/plant')
  await visitor.page.getByRole('heading', { name: 'Log in' }).waitFor()
  await visitor.picture('login')
  expect(await visitor.obstacles()).toEqual([])
  await visitor.logIn(USER, PASSWORD)
})
afterAll(async () => {
  await browser.close()
  await scada.end()
  await gateway.stop()
  await demo.close()
  folder.remove()
})

/** The same plant with users who may do more. */
function withMoreUsers(plain: PlantFolder): PlantFolder {
  const config = JSON.parse(plain.text) as { opcua: { users: object[] }; backup?: object }
  config.backup = { folder: join(plain.folder, 'backup') }
  config.opcua.users.push({ name: 'erik', role: 'Engineer' }, { name: 'sam', role: 'SecurityAdmin' })
  return {
    ...plain,
    text: JSON.stringify(config),
    env: { ...plain.env, PENSTOCK_ERIK_PASSWORD: PASSWORD, PENSTOCK_SAM_PASSWORD: PASSWORD },
  }
}

/** Nothing keeps people out, and nothing was complained about; leaves a picture. */
async function inspect(name: string): Promise<void> {
  await visitor.picture(name)
  expect(await visitor.obstacles()).toEqual([])
  expect(visitor.complaints).toEqual([])
}

describe('the pages', () => {
  it('come to whoever logged in where he wanted to go', async () => {
    await visitor.page.getByRole('heading', { name: 'Plant' }).waitFor()
    expect(new URL(visitor.page.url()).pathname).toBe('/plant')
  })

  it('take at most 300 kB to load for the first time', async () => {
    const other = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, looks.light)
    let bytes = 0
    other.page.on('response', (response) => {
      bytes += Number(response.headers()['content-length'] ?? 0)
    })
    await other.open('/')
    await other.logIn(USER, PASSWORD)
    await other.page.getByRole('heading', { name: 'Overview' }).waitFor()
    await other.leave()
    expect(bytes).toBeGreaterThan(100_000)
    expect(bytes).toBeLessThan(300_000)
  })

  it.each([
    ['de-DE', 'Anmelden', 'Übersicht'],
    ['fr-FR', 'Se connecter', "Vue d'ensemble"],
  ])('speak the language of the browser: %s', async (locale, login, overview) => {
    const other = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, looks.light, locale)
    const { page } = other
    await other.open('/')
    await page.getByRole('textbox').first().fill(USER)
    await page.locator('input[type=password]').fill(PASSWORD)
    await page.getByRole('button', { name: login, exact: true }).click()
    await page.getByRole('heading', { name: overview }).waitFor()
    await other.picture(`overview-${locale}`)
    expect(await page.getAttribute('html', 'lang')).toBe(locale.slice(0, 2))
    expect(other.complaints).toEqual([])
    await other.leave()
  })

  it('say in one sentence how the gateway is, and which devices need attention', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Overview' }).click()
    await expect.poll(() => page.getByText(/^Needs attention: .*1 device/).count(), { timeout: WITHIN }).toBe(1)
    const devices = page.getByRole('region', { name: 'Devices that need attention' }).first()
    await devices.getByRole('link', { name: 'Unit that is not there' }).waitFor()
    await page.getByRole('row', { name: /^Scada/ }).waitFor()
    await inspect('overview')
    await page.getByRole('status').getByRole('link', { name: '1 device' }).click()
    await page.getByRole('row', { name: /Never read/ }).waitFor()
    await expect.poll(() => page.getByRole('row', { name: /Pumped volume/ }).count(), { timeout: WITHIN }).toBe(0)
    await page.getByRole('button', { name: 'Only devices that need attention' }).click()
    await page.getByRole('row', { name: /Pumped volume/ }).waitFor()
  })

  it('show every tag as it changes, in words, and find the ones looked for', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Plant', exact: true }).click()
    const pumped = page.getByRole('row', { name: /Pumped volume/ })
    const first = await pumped.textContent()
    await expect.poll(() => pumped.textContent(), { timeout: WITHIN }).not.toBe(first)
    await inspect('plant')
    await page.getByPlaceholder('Name, device or address').fill('runs')
    await expect.poll(() => page.getByRole('row').count()).toBe(2)
    await page.getByRole('row', { name: /Pump runs .*(?:Stands|Runs) .*Good/ }).waitFor()
    await page.getByPlaceholder('Name, device or address').fill('')
    await page.getByText('Bad', { exact: true }).click()
    await page.getByRole('row', { name: /Never read/ }).waitFor()
    expect(page.url()).toMatch(/quality=bad/)
  })

  it('take what devices are called as text', async () => {
    const { page } = visitor
    await visitor.open('/plant?source=lora')
    await page.getByRole('row', { name: HOSTILE }).first().waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(await page.title()).toBe('Plant – Penstock')
    await visitor.open('/devices/hall-climate')
    await page.getByRole('heading', { name: HOSTILE }).waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    await inspect('device-lorawan')
  })

  it('show the way of a value from the device to its clients, and stay there when loaded anew', async () => {
    const { page } = visitor
    await visitor.open('/devices/pump')
    await page.getByRole('button', { name: 'Level', exact: true }).click()
    const panel = page.getByRole('dialog')
    await panel.getByText('The way of its value').waitFor()
    await scada.watch('pump/level')
    await panel.getByText(/^Scada/).waitFor()
    await panel.getByText('input:0', { exact: true }).waitFor()
    await panel.getByText('nsu=urn:penstock:plant;s=pump/level').waitFor()
    await panel.locator('canvas').waitFor()
    await inspect('tag')
    await page.reload()
    await page.getByRole('dialog').getByText('The way of its value').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  })

  it('show how a device is reached, and its frames in words', async () => {
    const { page } = visitor
    await visitor.open('/devices/pump?tab=link')
    await page.getByText('Read in its cycles').waitFor()
    await inspect('device-link')
    await page.getByRole('tab', { name: 'Frames' }).click()
    await page.getByRole('cell', { name: 'Answer', exact: true }).first().waitFor()
    await inspect('device-frames')
  })

  it('draw tags over a span of time, and keep in the address which', async () => {
    const { page } = visitor
    await visitor.open('/trends')
    await page.getByRole('combobox', { name: 'Choose tags' }).or(page.getByLabel('Choose tags')).first().click()
    await page.keyboard.type('pump/level')
    await page.getByRole('option', { name: 'Level (pump/level)' }).click()
    await page.keyboard.press('Escape')
    await page.getByText('15 min').click()
    await page.locator('canvas').waitFor()
    await page.getByRole('img', { name: /Values of Level from/ }).waitFor()
    expect(page.url()).toMatch(/tag=pump%2Flevel/)
    await page.getByRole('row', { name: /pump\/level/ }).waitFor()
    await inspect('trends')
  })

  it('let an engineer write a tag and command a device, and show what became of it', async () => {
    const other = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, looks.light)
    const { page } = other
    await other.open('/devices/pump?tag=pump%2Fstart-level')
    await other.logIn('erik', PASSWORD)
    const panel = page.getByRole('dialog')
    await panel.getByLabel(/New value/).fill('37')
    await panel.getByRole('button', { name: 'Send' }).click()
    await panel.getByText('Confirmed').waitFor()
    await expect.poll(() => scada.read('pump/start-level').then(({ value }) => value), { timeout: WITHIN }).toBe(37)
    await page.keyboard.press('Escape')
    await page.getByRole('tab', { name: 'Commands' }).click()
    const form = page.getByRole('region', { name: 'Send Fill the tank' })
    await form.getByLabel(/From/).fill('41')
    await form.getByLabel(/I mean it/).check()
    await form.getByRole('button', { name: 'Send' }).click()
    await form.getByText('Confirmed').waitFor()
    await other.picture('commands')
    expect(await other.obstacles()).toEqual([])
    expect(other.complaints).toEqual([])
    await other.leave()
  })

  it('show an administrator who did what', async () => {
    const other = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, looks.light)
    await other.open('/')
    await other.logIn('sam', PASSWORD)
    await other.page.getByRole('link', { name: 'Audit' }).click()
    await other.page
      .getByRole('row', { name: /erik.*pump/ })
      .first()
      .waitFor()
    await other.picture('audit')
    expect(await other.obstacles()).toEqual([])
    expect(other.complaints).toEqual([])
    await other.leave()
  })

  it('let somebody make a token for a script, end his other sessions, and revoke the token', async () => {
    const { page } = visitor
    const origin = `http://127.0.0.1:${folder.httpPort}`
    const login = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
    const body = JSON.stringify({ name: USER, password: PASSWORD })
    expect((await fetch(`${origin}/api/v1/session`, { ...login, body })).status).toBe(200)
    await page.getByRole('button', { name: 'Account and settings' }).click()
    await page.getByRole('menuitem', { name: 'My access' }).click()
    const sessions = page.getByRole('region', { name: 'Sessions at browsers' }).first()
    await sessions.getByRole('row', { name: /Chrome, Linux this one/i }).waitFor()
    await sessions.getByRole('button', { name: 'End all others' }).click()
    // The heading of the table, and this session.
    await expect.poll(() => sessions.getByRole('row').count(), { timeout: WITHIN }).toBe(2)
    await page.getByRole('button', { name: 'Make a token' }).click()
    await page.getByLabel(/What it is for/).fill('night shift report')
    await visitor.picture('access-form')
    expect(await visitor.obstacles()).toEqual([])
    await page.getByRole('button', { name: 'Make a token' }).click()
    const token = (await page.getByRole('status').locator('code').textContent()) ?? ''
    const asked = () => fetch(`${origin}/api/v1/values`, { headers: { Authorization: `Bearer ${token}` } })
    expect((await asked()).status).toBe(200)
    await inspect('access')
    await page.getByRole('button', { name: 'Revoke the token night shift report' }).click()
    await page.getByRole('button', { name: /Really/ }).click()
    await page.getByText('Scripts and dashboards ask with a token').waitFor()
    expect((await asked()).status).toBe(401)
  })

  it('say what happened and what lasts, and find it by kind and words', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Events and alarms' }).click()
    await page
      .getByRole('row', { name: /Serious 500 Device Unit that is not there .* lasts/ })
      .waitFor({ timeout: WITHIN })
    await inspect('events')
    await page.getByRole('textbox', { name: 'Search events' }).fill('fill')
    await expect.poll(() => page.getByRole('row').count(), { timeout: WITHIN }).toBe(2)
    await page.getByRole('row', { name: /Command pump\/fill Confirmed/ }).waitFor()
    expect(page.url()).toMatch(/search=fill/)
    expect(await page.getByRole('link', { name: 'Administration' }).count()).toBe(0)
  })

  it('let an administrator add a user, end a session, decide about a certificate and make a backup', async () => {
    const other = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, looks.light)
    const guest = await ScadaClient.connect(folder.endpointUrl)
    await administer(other, PASSWORD, HOSTILE)
    await guest.end()
    await other.leave()
  })

  it('list the devices that wait for an operator', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Discovery' }).click()
    await page.getByRole('heading', { name: /Devices that wait for you/ }).waitFor({ timeout: WITHIN })
    await inspect('discovery')
  })

  it('show how requests fare, and what programs can ask', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Diagnostics' }).click()
    await page.getByRole('heading', { name: 'Modbus line' }).waitFor()
    await page.getByRole('button', { name: 'Show frames' }).click()
    await page.getByRole('region', { name: 'Frames' }).waitFor()
    await inspect('diagnostics')
    await page.getByRole('link', { name: 'API' }).click()
    await page.getByRole('button', { name: /api\/v1\/history/ }).click()
    await inspect('api')
  })

  it.each([looks.dark, looks.phone])('are there too: $name', async (look) => {
    const other = await WebVisitor.come(browser, `http://127.0.0.1:${folder.httpPort}`, look)
    await other.open('/plant')
    await other.logIn(USER, PASSWORD)
    for (const name of ['plant', 'overview', 'trends'] as const) {
      if (name === 'overview') await other.open('/')
      if (name === 'trends') await other.open('/trends?tag=pump%2Flevel&span=15m')
      await other.page.getByRole('heading', { level: 1 }).waitFor()
      await expect.poll(() => other.page.getByText('Live', { exact: true }).count(), { timeout: WITHIN }).toBe(1)
      await other.picture(name)
      expect(await other.overflow()).toBeLessThanOrEqual(0)
    }
    expect(await other.obstacles()).toEqual([])
    expect(other.complaints).toEqual([])
    await other.leave()
  })

  it('were looked at without a SCADA system noticing', async () => {
    expect(scada.reconnects).toBe(0)
    expect(await scada.read('pump/level')).toMatchObject({ status: 'Good' })
  })

  it('say so when the gateway is gone, and go on by themselves when it is back', async () => {
    const { page } = visitor
    await visitor.open('/plant?device=pump')
    const row = page.getByRole('row', { name: /Pumped volume/ })
    await row.waitFor()
    expect(visitor.complaints).toEqual([])
    await gateway.stop()
    await page.getByText('The gateway cannot be reached').waitFor({ timeout: WITHIN })
    // What nobody has said for a while is not shown as good.
    await page.getByRole('row', { name: /Pumped volume .*Last value, source lost/ }).waitFor()
    await visitor.picture('gone')
    gateway = await startGatewayOf(folder)
    await expect.poll(() => page.getByText('The gateway cannot be reached').count(), { timeout: WITHIN }).toBe(0)
    const shown = await row.textContent()
    await expect.poll(() => row.textContent(), { timeout: WITHIN }).not.toBe(shown)
    expect(await page.getByRole('heading', { name: 'Log in' }).count()).toBe(0)
    // What the browser says of requests that nobody answered.
    visitor.complaints.length = 0
  })

  it('leave whoever logs out with the page that asks who he is', async () => {
    const { page } = visitor
    await page.getByRole('button', { name: 'Account and settings' }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
  })
})
