import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { modbusSource, PASSWORD, type PlantFolder, writePlant } from '../support/gateway.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { type Looks, looks, startBrowser, WebVisitor } from '../support/web-browser.ts'

/** What an engineer changes in the browser, beside a SCADA system that must not notice any of it. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">'
const WITHIN = 15_000

let meter: PymodbusServer
let plant: PlantFolder
let gateway: Gateway
let browser: Browser
let scada: ScadaClient
let carl: WebVisitor
let page: Page

async function visitorAt(path: string, name: string, look: Looks = looks.light): Promise<WebVisitor> {
  const visitor = await WebVisitor.come(browser, `http://127.0.0.1:${plant.httpPort}`, look)
  visitor.page.setDefaultTimeout(WITHIN)
  await visitor.open(path)
  await visitor.logIn(name, PASSWORD)
  return visitor
}

beforeAll(async () => {
  meter = await PymodbusServer.start()
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 42 })
  await meter.put({ area: 'holding', address: 40, encoding: 'uint32', value: 70_000 })
  const line = modbusSource(meter.port, [{ key: 'level', type: 'UInt16', address: 'holding:0' }])
  // Calibrating connects several times, and so takes long enough to be looked at.
  const plain = await writePlant([{ ...line, delayAfterConnect: '1s' }])
  const config = JSON.parse(plain.text) as { opcua: { users: object[] } }
  config.opcua.users.push({ name: 'carl', role: 'ConfigureAdmin' }, { name: 'cora', role: 'ConfigureAdmin' })
  const env = { ...plain.env, PENSTOCK_CARL_PASSWORD: PASSWORD, PENSTOCK_CORA_PASSWORD: PASSWORD }
  plant = { ...plain, text: JSON.stringify(config), env }
  gateway = await startGatewayOf(plant)
  ;[scada, browser] = await Promise.all([ScadaClient.connect(plant.endpointUrl), startBrowser()])
  carl = await visitorAt('/configuration', 'carl')
  page = carl.page
})
afterAll(async () => {
  await browser.close()
  await scada.end()
  await gateway.stop()
  await meter.stop()
  plant.remove()
})

async function inspect(visitor: WebVisitor, name: string): Promise<void> {
  await visitor.picture(name)
  expect(await visitor.obstacles()).toEqual([])
  expect(visitor.complaints).toEqual([])
}

const submit = (name: string) => page.getByRole('button', { name, exact: true }).click()
async function choose(label: RegExp, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).or(page.getByLabel(label)).first().click()
  await page.getByRole('option', { name: option, exact: true }).click()
}
const pending = (words: RegExp) =>
  page.getByRole('region', { name: 'Changes not applied yet' }).getByText(words).waitFor()

describe('an engineer at the browser', () => {
  it('adds a source, a device and tags by their forms, and nothing happens before it is applied', async () => {
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor({ timeout: WITHIN })
    await page.getByRole('link', { name: 'Add Modbus' }).click()
    await page.getByLabel(/^Name/).fill(`Boiler house ${HOSTILE}`)
    await page.getByLabel(/^Key/).fill('boilers')
    await page.getByLabel(/^Host/).fill('127.0.0.1')
    await page.getByLabel(/^Port/).fill(String(meter.port))
    await inspect(carl, 'configuration-new-source')
    await submit('Add')
    await page.getByRole('heading', { name: HOSTILE }).waitFor()
    await page.getByRole('link', { name: 'Add a device' }).click()
    await page.getByLabel(/^Name/).fill('Boiler 1')
    await page.getByLabel(/^Unit id/).fill('1')
    await page.getByLabel(/^Poll period/).fill('200ms')
    expect(await page.getByLabel(/^Key/).inputValue()).toBe('boiler-1')
    await submit('Add')
    for (const [name, type, address] of [
      ['Flow', 'UInt16', 'holding:0'],
      ['Total', 'UInt33', 'holding:40'],
    ] as const) {
      await page.getByRole('link', { name: 'Add a tag' }).click()
      await page.getByLabel(/^Name/).fill(name)
      await choose(/^Data type/, type === 'UInt33' ? 'Boolean' : type)
      await page.getByLabel(/^Address/).fill(address)
      await submit('Add')
      await page.getByRole('link', { name, exact: true }).waitFor()
    }
    await pending(/^1 change/)
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(await scada.read('boiler-1/flow')).toMatchObject({ status: 'BadNodeIdUnknown' })
  })

  it('is told of everything that is wrong at its field, also after a reload, and mends it', async () => {
    await pending(/1 problem/)
    await page.reload()
    await pending(/1 problem/)
    await page.getByRole('link', { name: 'Total', exact: true }).click()
    await page
      .getByText(/Boolean/)
      .and(page.locator('[class*=error]'))
      .first()
      .waitFor()
    await inspect(carl, 'configuration-wrong-field')
    await choose(/^Data type/, 'UInt32')
    await submit('Save to the draft')
    await page.getByText('Saved to the draft.').waitFor()
  })

  it('reviews the changes in words and applies them: the value is live, and other clients noticed nothing', async () => {
    const level = await scada.watch('meter/level')
    await submit('Review and apply')
    const review = page.getByRole('dialog')
    await review.getByText('sources/boilers: added').waitFor()
    await review.getByLabel('Why').fill('the boiler house is read')
    await inspect(carl, 'configuration-review')
    await review.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('Version 2 holds, live').waitFor()
    await page.getByRole('link', { name: 'Boiler 1' }).click()
    await page.getByRole('row', { name: /Flow .*42.*Good/ }).waitFor({ timeout: WITHIN })
    await inspect(carl, 'configuration-device')
    await expect
      .poll(() => scada.read('boiler-1/total'), { timeout: WITHIN })
      .toMatchObject({ value: 70_000, status: 'Good' })
    expect(new Set(level().map(({ status }) => status))).toEqual(new Set(['Good']))
    expect(scada.reconnects).toBe(0)
  })

  it('gives many tags the same setting at once', async () => {
    await page.getByLabel('Select all tags').check()
    const bulk = page.getByRole('region', { name: 'Change the selected tags' })
    await bulk.getByLabel(/^Unit/).fill('l')
    await bulk.getByLabel('Before each name').fill('Feed ')
    await bulk.getByRole('button', { name: 'See what changes' }).click()
    await bulk.getByText('sources/boilers/devices/boiler-1/tags/flow/name: "Flow" → "Feed Flow"').waitFor()
    await inspect(carl, 'configuration-bulk')
    await bulk.getByRole('button', { name: 'Back' }).click()
    await bulk.getByLabel('Before each name').fill('')
    await bulk.getByRole('button', { name: 'See what changes' }).click()
    await bulk.getByRole('button', { name: 'Set for all selected' }).click()
    await pending(/^2 changes/)
  })

  it('loses nothing when the login expires in the middle of a form', async () => {
    await page.getByRole('link', { name: 'Flow', exact: true }).click()
    await page.getByLabel(/^Name/).fill('Feed flow')
    await page.context().clearCookies()
    await submit('Save to the draft')
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
    // What the browser says of the request that was refused.
    carl.complaints.length = 0
    await carl.logIn('carl', PASSWORD)
    expect(await page.getByLabel(/^Name/).inputValue()).toBe('Feed flow')
    await submit('Save to the draft')
    await pending(/^3 changes/)
  })

  it('sees what another changed meanwhile, and decides where both changed the same', async () => {
    const cora = await visitorAt('/configuration?at=sources/boilers/devices/boiler-1/tags/flow', 'cora')
    await cora.page.getByLabel(/^Name/).fill('Flow of the feed pump')
    await cora.page.getByRole('button', { name: 'Save to the draft' }).click()
    await cora.page.getByRole('button', { name: 'Review and apply' }).click()
    await cora.page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
    await cora.page.getByText('Version 3 holds, live').waitFor()
    expect(cora.complaints).toEqual([])
    await cora.leave()

    await submit('Review and apply')
    const review = page.getByRole('dialog')
    await review.getByRole('button', { name: 'Apply', exact: true }).click()
    await review.getByText(/cora made version 3/).waitFor()
    await carl.picture('configuration-conflict')
    // The browser says that the request was refused.
    carl.complaints.length = 0
    await review.getByRole('button', { name: /keep mine here/ }).click()
    await review.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByText('Version 4 holds, live').waitFor()
    await expect.poll(() => scada.read('boiler-1/flow')).toMatchObject({ status: 'Good' })
    await page.getByRole('heading', { name: 'Feed flow' }).waitFor()
  })

  it('looks at versions and restores one', async () => {
    await page.getByRole('tab', { name: 'Versions' }).click()
    await page.getByRole('row', { name: /2 .*carl.*the boiler house is read/ }).waitFor()
    await page.getByRole('button', { name: 'Look at 1', exact: true }).click()
    const version = page.getByRole('dialog')
    await version.getByText('sources/boilers: added').waitFor()
    await inspect(carl, 'configuration-version')
    await version.getByRole('button', { name: /Let version 1 hold/ }).click()
    await page.getByText('Version 5 holds, live').waitFor()
    await expect.poll(() => scada.read('boiler-1/flow')).toMatchObject({ status: 'BadNodeIdUnknown' })
    await carl.picture('configuration-versions')
  })

  it('opens a table of tags, sees what it changes, and takes it over', async () => {
    await page.getByRole('tab', { name: 'Tags as CSV' }).click()
    const csv = `device;key;name;type;address\nmeter;level;${HOSTILE};UInt16;holding:0\nmeter;total;=1+1;UInt32;holding:40\n`
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'tags.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await page.getByText('sources/line/devices/meter/tags/total: added').waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    await inspect(carl, 'configuration-csv')
    await submit('Take it over into the draft')
    await pending(/^2 changes/)
  })

  it('gives a device a command and a tag its windows, by their forms', async () => {
    await page.goto(`${page.url().split('/configuration')[0]}/configuration?at=sources/line/devices/meter/tags/level`)
    await choose(/^Access/, 'readWrite')
    await page.getByRole('button', { name: /more settings/ }).click()
    await page.getByRole('button', { name: 'Add to: Windows' }).click()
    const windows = page.getByRole('group', { name: 'Windows 1' })
    await windows.getByLabel(/^Length of each/).fill('1m')
    await windows
      .getByRole('combobox', { name: /^Results/ })
      .or(windows.getByLabel(/^Results/))
      .first()
      .click()
    await page.getByRole('option', { name: 'average', exact: true }).click()
    await inspect(carl, 'configuration-windows')
    await submit('Save to the draft')
    await page.getByText('Saved to the draft.').waitFor()
    await page.getByRole('link', { name: 'meter', exact: true }).last().click()
    await page.getByRole('link', { name: 'Add a command' }).click()
    await page.getByLabel(/^Name/).fill('Fill')
    await page.getByRole('button', { name: 'Add to: Arguments' }).click()
    const argument = page.getByRole('group', { name: 'Arguments 1' })
    await argument.getByLabel(/^Key/).fill('to')
    await argument
      .getByRole('combobox', { name: /^Data type/ })
      .or(argument.getByLabel(/^Data type/))
      .first()
      .click()
    await page.getByRole('option', { name: 'UInt16', exact: true }).click()
    await page.getByRole('button', { name: 'Add to: Writes' }).click()
    const write = page.getByRole('group', { name: 'Writes 1' })
    await write.getByLabel(/^Tag/).fill('level')
    await write.getByLabel(/^Value/).fill('$to')
    await inspect(carl, 'configuration-new-command')
    await submit('Add')
    const commands = page.getByRole('region', { name: 'Commands' })
    await commands.getByRole('row', { name: /Fill to level/ }).waitFor()
    expect(await page.getByText(/problem/).count()).toBe(0)
    await inspect(carl, 'configuration-commands')
    await commands.getByRole('link', { name: 'Fill', exact: true }).click()
    await page.getByRole('button', { name: 'Remove Writes 1' }).click()
    await submit('Remove')
    await submit('Yes, remove it')
    await page.getByText('There are no commands here yet').waitFor()
  })

  it('imports the project of another product, sees what is left out, and takes over the rest', async () => {
    await page.getByRole('tab', { name: 'Import' }).click()
    const tag = (name: string, address: string) => ({
      'common.ALLTYPES_NAME': name,
      'servermain.TAG_ADDRESS': address,
      'servermain.TAG_DATA_TYPE': 5,
    })
    const device = {
      'common.ALLTYPES_NAME': 'Chiller',
      'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': 'Modbus TCP/IP Ethernet',
      'servermain.DEVICE_ID_STRING': '<10.0.0.5>.1',
      tags: [tag('Level', '400001'), tag(HOSTILE, 'nowhere')],
    }
    const file = { name: 'project.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(device)) }
    await page.locator('input[type=file]').setInputFiles(file)
    const outcome = page.getByRole('region', { name: 'What the file becomes' })
    await outcome.getByText('sources/chiller: added').waitFor()
    await outcome.getByRole('row', { name: /left out .*no address of a Modbus table/ }).waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    await inspect(carl, 'configuration-import')
    await page.reload()
    await outcome.getByText('sources/chiller: added').waitFor()
    await submit('Take it over into the draft')
    await page.getByText('It stands in the draft now').waitFor()
  })

  it('writes YAML where that is faster, and is told the line of a mistake', async () => {
    await page.getByRole('tab', { name: 'YAML' }).click()
    const text = page.getByLabel('Draft')
    await expect.poll(() => text.inputValue()).toContain('meter')
    await text.fill((await text.inputValue()).replace('"holding:0"', '"somewhere:0"'))
    await submit('Save to the draft')
    // That the text was typed says nothing: only the answer to saving it does, and what comes after must not overtake it.
    await pending(/1 problem/)
    await page
      .getByText(/somewhere:0/)
      .first()
      .waitFor()
    await inspect(carl, 'configuration-yaml')
    await submit('Review and apply')
    await submit('Discard all')
    await submit('Yes, discard all changes')
    await expect.poll(() => page.getByRole('region', { name: 'Changes not applied yet' }).count()).toBe(0)
  })

  it('sees every other setting with where it comes from, and nothing of users and certificates', async () => {
    await page.getByRole('link', { name: 'Administration' }).click()
    await page.getByRole('row', { name: /^http\.port .*configuration, line \d+$/ }).waitFor()
    await page.getByRole('textbox', { name: 'Search settings' }).fill('backup.keep')
    await page.getByText('All', { exact: true }).click()
    await page.getByRole('row', { name: /^backup\.keep .* 7 default$/ }).waitFor()
    expect(await page.getByRole('tab').allTextContents()).toEqual(['System'])
    await inspect(carl, 'settings')
  })

  it.each([looks.dark, looks.phone])('can do that too: $name', async (look) => {
    const other = await visitorAt('/configuration?at=sources/line/devices/meter', 'cora', look)
    await other.page.getByRole('row', { name: /level .*42.*Good/ }).waitFor({ timeout: WITHIN })
    await other.picture('configuration-device')
    expect(await other.overflow()).toBeLessThanOrEqual(0)
    await other.open('/configuration?at=sources/line/devices/meter/tags/level')
    await other.page.getByLabel(/^Address/).waitFor()
    await other.picture('configuration-tag')
    expect(await other.overflow()).toBeLessThanOrEqual(0)
    expect(await other.obstacles()).toEqual([])
    await other.open('/configuration/import')
    await other.page.getByText('KEPServerEX: tags (CSV)').click()
    await other.page.getByLabel('Device that gets the tags').first().waitFor()
    await other.picture('configuration-import')
    expect(await other.overflow()).toBeLessThanOrEqual(0)
    expect(await other.obstacles()).toEqual([])
    expect(other.complaints).toEqual([])
    await other.leave()
  })

  it('calibrates a device that runs, with progress, and takes what comes of it into the draft', async () => {
    const cora = await visitorAt('/diagnostics?calibration=line', 'cora')
    const panel = cora.page.getByRole('group', { name: 'Calibration' })
    await panel.getByText(/off its line meanwhile/).waitFor()
    await inspect(cora, 'calibration')
    const begin = () => panel.getByRole('button', { name: 'Begin' }).click()
    await begin()
    await panel.getByRole('button', { name: /^Cancel/ }).click()
    await panel.getByText(/was cancelled/).waitFor()
    await panel.getByText('Cancelled by cora.').waitFor()
    await expect.poll(() => scada.read('meter/level'), { timeout: WITHIN }).toMatchObject({ status: 'Good' })

    await begin()
    await panel.getByRole('progressbar', { name: 'Progress of the calibration' }).waitFor({ state: 'attached' })
    await inspect(cora, 'calibration-running')
    await panel.getByText('meter was measured').waitFor({ timeout: 45_000 })
    await inspect(cora, 'calibration-done')
    await panel.getByRole('button', { name: 'Take into my draft' }).click()
    await panel.getByText(/They are in your draft/).waitFor()
    await panel.getByRole('link', { name: 'Review and apply' }).click()
    await cora.page.getByRole('button', { name: 'Review and apply' }).click()
    const review = cora.page.getByRole('dialog')
    await review.getByText(/^sources\/line\/timeout: /).waitFor()
    expect(cora.complaints).toEqual([])
    await cora.leave()
    const phone = await visitorAt('/diagnostics?calibration=line', 'cora', looks.phone)
    await phone.page.getByText('meter was measured').waitFor()
    await phone.picture('calibration-done')
    expect(await phone.overflow()).toBeLessThanOrEqual(0)
    await phone.leave()
    await expect.poll(() => scada.read('meter/level'), { timeout: WITHIN }).toMatchObject({ status: 'Good' })
  })

  it('is shown nothing of this who may only look, and SCADA systems never noticed', async () => {
    const olga = await visitorAt('/', 'olga')
    await olga.page.getByRole('link', { name: 'Plant' }).waitFor()
    expect(await olga.page.getByRole('link', { name: 'Configuration' }).count()).toBe(0)
    await olga.leave()
    expect(scada.reconnects).toBe(0)
    expect(carl.complaints).toEqual([])
  })
})
