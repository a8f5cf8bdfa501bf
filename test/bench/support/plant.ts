import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const USER = 'bench'
export const PASSWORD = 'bench-password'

/** A folder with a configuration that `penstock run` takes; `remove` deletes everything. */
export function writeConfig(sources: unknown[], opcuaPort: number, httpPort: number) {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const config = {
    gateway: { name: 'bench', data: join(folder, 'data') },
    opcua: {
      port: opcuaPort,
      bind: '127.0.0.1',
      hostname: 'localhost',
      security: { autoTrustClients: true },
      users: [{ name: USER, role: 'Observer', passwordEnv: 'PENSTOCK_BENCH_PASSWORD' }],
    },
    http: { port: httpPort, bind: '127.0.0.1' },
    log: { level: 'warn' },
    sources,
  }
  const file = join(folder, 'plant.yaml')
  writeFileSync(file, JSON.stringify(config))
  return { folder, file, remove: () => rmSync(folder, { recursive: true }) }
}

/** Modbus devices behind one endpoint with `tagCount` UInt16 tags in all, 1,000 a device, each read every second. */
export function modbusSource(port: number, tagCount: number) {
  const device = (number: number) => ({
    key: `device${number}`,
    unitId: number + 1,
    poll: '1s',
    tags: Array.from({ length: 1_000 }, (_, at) => ({ key: `t${at}`, type: 'UInt16', address: `holding:${at}` })),
  })
  const devices = Array.from({ length: tagCount / 1_000 }, (_, number) => device(number))
  return { key: 'line', kind: 'modbus', host: '127.0.0.1', port, devices }
}

export const tagIds = (tagCount: number): string[] =>
  Array.from({ length: tagCount }, (_, at) => `device${Math.floor(at / 1_000)}/t${at % 1_000}`)

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
