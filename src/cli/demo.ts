import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Document, parseDocument } from 'yaml'
import { systemClock } from '../core/clock.ts'
import { type DemoPlant, startDemoPlant } from '../demo/plant.ts'
import type { Gateway } from '../main.ts'
import { createLogger } from '../telemetry/logger.ts'
import { RecentLog } from '../telemetry/recent-log.ts'
import { checkConfiguration, checkOfEdits } from './configuration.ts'
import { serve } from './serve.ts'

export interface DemoOptions {
  readonly opcuaPort: number
  readonly webPort: number
  readonly bind: string
  readonly open?: boolean
}

const FILE = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url))
const LOOPBACK = ['127.0.0.1', '::1', 'localhost']
const SAY_WHY_AFTER_MS = 20_000

/** `penstock demo`: the gateway with a simulated plant, until a signal ends both. */
export async function demo(options: DemoOptions): Promise<undefined> {
  // Known to everybody who reads the manual, so it is only for this machine.
  const password = LOOPBACK.includes(options.bind) ? 'demo' : randomBytes(9).toString('base64url')
  const plant = await startDemoPlant(systemClock, Math.random)
  const env = { PENSTOCK_DEMO_PASSWORD: password, PENSTOCK_LORA_API_KEY: plant.apiKey }
  const text = demoConfiguration(plant, options)
  const { config, secrets } = checkConfiguration(text, FILE, env)
  const recentLog = new RecentLog()
  const log = createLogger(config.log.level, 'main', recentLog.bufferOf('main'))
  // The devices of the demo are at other ports each time: it begins as it is written.
  const configuration = {
    text,
    isNew: true,
    name: FILE,
    check: checkOfEdits(FILE, env),
  }
  const gateway = await serve({ config, secrets, log, recentLog, configuration }, () => plant.close())

  const late = setTimeout(() => void sayWhyLate(gateway), SAY_WHY_AFTER_MS)
  await gateway.running
  clearTimeout(late)
  const { opcua } = await gateway.health()
  process.stdout.write(banner(opcua?.endpoints[0] ?? '', gateway.httpPort, password, options))
}

async function sayWhyLate(gateway: Gateway): Promise<void> {
  const { rooms } = await gateway.health()
  process.stdout.write(`The gateway does not run yet: ${JSON.stringify(rooms)}\n`)
}

/** The demo's configuration with the addresses that its devices got and the ports that the user wants. */
function demoConfiguration(plant: DemoPlant, { opcuaPort, webPort, bind, open }: DemoOptions): string {
  const document = parseDocument(readFileSync(FILE, 'utf8'))
  document.setIn(['opcua', 'port'], opcuaPort)
  document.setIn(['opcua', 'bind'], bind)
  document.setIn(['http', 'port'], webPort)
  document.setIn(['http', 'bind'], bind)
  document.setIn(['http', 'allowUnencrypted'], !LOOPBACK.includes(bind))
  if (!LOOPBACK.includes(bind) && bind !== '0.0.0.0') document.setIn(['opcua', 'hostname'], bind)
  if (open) {
    document.setIn(['opcua', 'security', 'allowUnencrypted'], true)
    document.setIn(['opcua', 'security', 'allowAnonymous'], true)
  }
  setSource(document, 0, { url: `http://127.0.0.1:${plant.chirpStackPort}`, tenantId: plant.tenantId })
  setSource(document, 1, { port: plant.modbusPort })
  setSource(document, 2, { port: plant.s7Port })
  return document.toString()
}

function setSource(document: Document, position: number, settings: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(settings)) document.setIn(['sources', position, name], value)
}

function banner(endpoint: string, httpPort: number, password: string, { opcuaPort, open }: DemoOptions): string {
  const port = opcuaPort === 4840 ? '' : ` --endpoint ${endpoint}`
  const access = open
    ? 'anything, also without encryption and without a user (--open)'
    : 'Basic256Sha256, SignAndEncrypt'
  return `
  Penstock runs with a simulated plant: LoRaWAN sensors, Modbus devices and an S7 PLC.

    OPC UA    ${endpoint}
    user      demo
    password  ${password}
    security  ${access}
    web       http://localhost:${httpPort}/

  See values now, in another terminal:
    npm run -s penstock -- watch --user demo --password ${password}${port}
  Let the pump start at another level, and see what becomes of it:
    npm run -s penstock -- send pump/start-level 40 --data data/demo
  In UaExpert, Ignition or another client: the devices are in Objects/DeviceSet and Objects/Penstock.
  Ctrl-C ends it. Last values are kept in data/demo.

`
}
