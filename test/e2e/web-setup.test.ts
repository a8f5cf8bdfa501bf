import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientFailure } from '../../src/cli/client/failure.ts'
import { withSession } from '../../src/cli/client/session.ts'
import type { Gateway } from '../../src/main.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, TENANT_KEY } from '../support/chirpstack-server.ts'
import { PASSWORD, type PlantFolder, USER, writePlant } from '../support/gateway.ts'
import { FaultServer } from '../support/modbus-fault-server.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { looks, startBrowser, WebVisitor } from '../support/web-browser.ts'

/** From an empty gateway to a value in an OPC UA client, without a manual and without a text editor. */
const WITHIN = 15_000

let device: FaultServer
let server: ChirpStackServer
let plant: PlantFolder
let gateway: Gateway
let browser: Browser
let anna: WebVisitor
let page: Page

beforeAll(async () => {
  device = await FaultServer.start(({ socket, right }) => void socket.write(right))
  server = await ChirpStackServer.start([HALL])
  const plain = await writePlant([])
  const config = JSON.parse(plain.text) as { opcua: { users: object[]; security: object } }
  // As a gateway is that nobody opened for a demonstration.
  config.opcua.security = {}
  config.opcua.users.push({ name: 'anna', role: 'ConfigureAdmin' }, { name: 'sam', role: 'SecurityAdmin' })
  const env = { ...plain.env, PENSTOCK_ANNA_PASSWORD: PASSWORD, PENSTOCK_SAM_PASSWORD: PASSWORD }
  plant = { ...plain, text: JSON.stringify(config), env }
  ;[gateway, browser] = await Promise.all([startGatewayOf(plant), startBrowser()])
  anna = await visitorAt('/', 'anna')
  page = anna.page
})
afterAll(async () => {
  await browser.close()
  await gateway.stop()
  await device.stop()
  await server.chirpStack.close()
  plant.remove()
})

async function visitorAt(path: string, name: string, look = looks.light as (typeof looks)[keyof typeof looks]) {
  const visitor = await WebVisitor.come(browser, `http://127.0.0.1:${plant.httpPort}`, look)
  visitor.page.setDefaultTimeout(WITHIN)
  await visitor.open(path)
  await visitor.logIn(name, PASSWORD)
  return visitor
}

async function inspect(visitor: WebVisitor, name: string): Promise<void> {
  await visitor.picture(name)
  expect(await visitor.obstacles()).toEqual([])
  expect(visitor.complaints).toEqual([])
}

/** What a client reads, while it stays connected until `until` is done. */
function scada(read: string, until: () => Promise<unknown>) {
  const security = { mode: 'SignAndEncrypt', policy: 'Basic256Sha256' } as const
  const who = { endpoint: plant.endpointUrl, user: USER, password: PASSWORD, pkiFolder: join(plant.folder, 'client') }
  const silent = { line: () => undefined, notice: () => undefined }
  return withSession({ ...who, ...security, json: false }, silent, async ({ session }) => {
    const namespace = (await session.readNamespaceArray()).indexOf('urn:penstock:plant')
    const { value, statusCode } = await session.read({ nodeId: `ns=${namespace};s=${read}` })
    await until()
    return { value: value.value as unknown, status: statusCode.name }
  })
}

const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click()

describe('the first hour with a gateway', () => {
  it('begins on an empty overview, and tries a device before anything is applied', async () => {
    await page.getByRole('main').getByRole('link', { name: 'Open the set-up guide' }).click()
    await press(/^Modbus/)
    await page
      .getByLabel(/^Name \*|^Name$/)
      .first()
      .fill('Boiler house')
    await page.getByLabel(/^Host/).fill('127.0.0.1')
    await page.getByLabel(/^Port/).fill('1')
    await press('Test the connection')
    await page.getByText(/refuses connections on port 1/).waitFor()
    await inspect(anna, 'setup-test-failed')
    await page.getByLabel(/^Port/).fill(String(device.port))
    await press('Test the connection')
    await page.getByText('Unit 1 answers.').waitFor()
    await anna.picture('setup-source')
    await press('Add to the draft')
    await page.getByRole('heading', { name: 'Which values' }).waitFor()
  })

  it('reads a value once before it is added, loses nothing on a reload, and applies what was reviewed', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Flow')
    await page.getByRole('combobox', { name: 'Data type' }).click()
    await page.getByRole('option', { name: 'UInt16', exact: true }).click()
    await page.getByLabel('Address').fill('holding:7')
    await page.reload()
    await press('Read from the device now')
    await page.getByText(/The device says 7/).waitFor()
    await press('Add this value')
    await page.getByText('Flow – UInt16 – holding:7').waitFor()
    await inspect(anna, 'setup-tags')
    await press('Go on: review and apply')
    await page.getByText('sources/boiler-house: added').waitFor()
    await inspect(anna, 'setup-apply')
    await press('Apply')
    await page.getByRole('main').getByText('Version 2 holds, live').first().waitFor()
    await press('Go on: connect a client')
    await page.getByText('No client is connected yet').waitFor()
  })

  it('lets a client in whose certificate was refused, and says that it is connected and what it reads', async () => {
    const stranger = await scada('device-1/flow', async () => undefined).catch((error: unknown) => error)
    expect(stranger).toBeInstanceOf(ClientFailure)
    const sam = await visitorAt('/setup', 'sam')
    await sam.page.getByText(plant.endpointUrl).waitFor()
    const trust = sam.page.getByRole('button', { name: /^Trust it.*Penstock client/ })
    await trust.waitFor()
    await inspect(sam, 'setup-client')
    await trust.click()
    await sam.page.getByText('No certificate waits for approval.').waitFor()
    expect(sam.complaints).toEqual([])
    await sam.leave()

    const shown = () => page.getByText('A client is connected').waitFor()
    expect(await scada('device-1/flow', shown)).toEqual({ value: 7, status: 'Good' })
  })

  it('adds a ChirpStack with a key that is typed once, and its devices appear by themselves', async () => {
    await anna.open('/setup?step=source&kind=chirpstack')
    await page
      .getByLabel(/^Name \*|^Name$/)
      .first()
      .fill('Lora')
    await page
      .getByLabel(/^Url|^Address/)
      .first()
      .fill(`http://127.0.0.1:${server.port}`)
    await page.getByLabel('API key').fill(TENANT_KEY)
    await page.getByLabel('Tenant').fill(TENANT)
    await press('Test the connection')
    await page.getByText('The tenant "Works" has 1 application with 1 device').waitFor()
    await page.getByText('1 device matches').scrollIntoViewIfNeeded()
    await inspect(anna, 'setup-chirpstack')
    await press('Add to the draft')
    await press('Go on: review and apply')
    await press('Apply')
    await page.getByRole('main').getByText('Version 3 holds, live').first().waitFor()
    const isThere = async () => {
      await anna.open('/plant')
      return page
        .getByRole('link', { name: HALL })
        .waitFor({ timeout: 5_000 })
        .then(() => true)
        .catch(() => false)
    }
    await expect.poll(isThere, { timeout: 4 * WITHIN }).toBe(true)
    await expect.poll(() => server.chirpStack.openStreams(HALL), { timeout: WITHIN }).toBe(1)
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain(
      TENANT_KEY,
    )
    expect(anna.complaints).toEqual([])
  })

  it.each([looks.dark, looks.phone])('can be read too: $name', async (look) => {
    const other = await visitorAt('/setup?step=source&kind=modbus', 'anna', look)
    await other.page.getByRole('button', { name: 'Add to the draft' }).waitFor()
    await inspect(other, 'setup-source')
    expect(await other.overflow()).toBeLessThanOrEqual(0)
    await other.open('/setup?step=client')
    await other.page.getByText(plant.endpointUrl).waitFor()
    await other.picture('setup-client')
    expect(await other.overflow()).toBeLessThanOrEqual(0)
    await other.leave()
  })
})
