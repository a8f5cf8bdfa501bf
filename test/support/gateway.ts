import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

export const USER = 'olga'
export const PASSWORD = 'a password for tests'
export const API_KEY_ENV = 'PENSTOCK_LORA_API_KEY'

/** A folder with a configuration of these sources (as in the file), and the ports it uses. */
export interface PlantFolder {
  readonly folder: string
  readonly file: string
  readonly text: string
  readonly endpointUrl: string
  readonly httpPort: number
  readonly env: Record<string, string>
  remove(): void
}

export async function writePlant(
  sources: readonly object[],
  env: Record<string, string> = {},
  role: 'Observer' | 'Operator' = 'Observer',
): Promise<PlantFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-plant-'))
  const [opcuaPort, httpPort] = [await freePort(), await freePort()]
  const config = {
    gateway: { name: 'Test plant', data: join(folder, 'data') },
    opcua: {
      port: opcuaPort,
      bind: '127.0.0.1',
      hostname: 'localhost',
      security: { autoTrustClients: true },
      users: [{ name: USER, role, passwordEnv: 'PENSTOCK_OLGA_PASSWORD' }],
    },
    http: { port: httpPort, bind: '127.0.0.1' },
    log: { level: 'error' },
    sources,
  }
  const text = JSON.stringify(config, null, 2)
  const file = join(folder, 'plant.yaml')
  writeFileSync(file, text)
  return {
    folder,
    file,
    text,
    endpointUrl: `opc.tcp://localhost:${opcuaPort}/penstock`,
    httpPort,
    env: { PENSTOCK_OLGA_PASSWORD: PASSWORD, ...env },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Sources as a file has them, with what every test of them needs. */
export const modbusSource = (port: number, tags: readonly object[], device: object = {}) => ({
  key: 'line',
  kind: 'modbus',
  host: '127.0.0.1',
  port,
  timeout: '300ms',
  connectTimeout: '500ms',
  devices: [{ key: 'meter', unitId: 1, poll: '100ms', tags, ...device }],
})

export const s7Source = (port: number, tags: readonly object[]) => ({
  key: 'cpu',
  kind: 's7',
  host: '127.0.0.1',
  port,
  rack: 0,
  slot: 2,
  timeout: '500ms',
  connectTimeout: '500ms',
  devices: [{ key: 'plc', poll: '100ms', tags }],
})
