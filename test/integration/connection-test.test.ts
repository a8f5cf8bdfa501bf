import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadText } from '../../src/cli/configuration.ts'
import { Secrets } from '../../src/config/secrets.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Actor } from '../../src/core/command.ts'
import type { WantedTest } from '../../src/core/connection-test.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { ConnectionTests, type ConnectionTestsParts } from '../../src/gateway/connection-test/connection-tests.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { freePort } from '../support/free-port.ts'
import { FaultServer } from '../support/modbus-fault-server.ts'
import { connected } from '../support/opcua-engine.ts'

/** What somebody is told of a source before it runs, by the device itself. */
const by: Actor = { user: 'carl', origin: 'http' }
const ADMIN_KEY = 'key-of-the-administrator'
const rule = { application: 'Building', template: 'auto' }

let device: FaultServer
let server: ChirpStackServer
let elsewhere: ChirpStackServer
let running: readonly object[]
let asked: string[]

beforeAll(async () => {
  device = await FaultServer.start(({ socket, right }) => void socket.write(right))
  server = await ChirpStackServer.start([HALL, OFFICE])
  server.chirpStack.access.add(ADMIN_KEY, { admin: true })
  elsewhere = await ChirpStackServer.start([])
})
afterAll(async () => {
  await device.stop()
  await server.chirpStack.close()
  await elsewhere.chirpStack.close()
})
beforeEach(() => {
  running = []
  asked = []
})

const lora = (fields: object = {}) => ({
  key: 'lora',
  kind: 'chirpstack',
  url: `http://127.0.0.1:${server.port}`,
  tenantId: TENANT,
  proxy: 'none',
  ...fields,
})
const line = (fields: object = {}) => ({
  key: 'line',
  kind: 'modbus',
  host: '127.0.0.1',
  port: device.port,
  timeout: '200ms',
  devices: [{ key: 'meter', unitId: 1, tags: [{ key: 'level', type: 'UInt16', address: 'holding:5' }] }],
  ...fields,
})

const rooms: ConnectionTestsParts['rooms'] = {
  diagnostics: async () => [connected('line', [])],
  identify: async () => ({ problem: 'refused', error: 'It does not tell.' }),
  readOnce: async ({ address }) => {
    asked.push(address)
    return { address, type: 'UInt16', value: 7, status: 'Good', ms: 1 }
  },
}

function testsWith(env: Readonly<Record<string, string>> = {}) {
  return new ConnectionTests({
    check: (text) => loadText(text, 'the definition', {}, false),
    checkRunning: (text) => loadText(text, 'plant.yaml', {}, false),
    configuration: {
      current: () => ({
        version: { id: 1, at: 0, by, comment: '', changes: 0 },
        text: JSON.stringify({ opcua: { users: [{ name: 'sam', role: 'SecurityAdmin' }] }, sources: running }),
        origins: new Map(),
      }),
    } as ConnectionTestsParts['configuration'],
    secrets: new Secrets({ env, readFile: () => '' }),
    rooms,
    clock: systemClock,
    log: silentLogger,
  })
}
async function told(wanted: WantedTest, env?: Readonly<Record<string, string>>) {
  const report = await testsWith(env).test(wanted, by)
  if (!report) throw new Error('it was busy')
  return { ...report, said: report.steps.map(({ step, ok, text }) => `${step} ${String(ok)}: ${text}`) }
}

describe('a field device that is to be added', () => {
  it('is connected to, asked for the first tag, and left alone again', async () => {
    const { ok, said, reading } = await told({ source: line() })
    expect(said).toEqual([
      `connect true: 127.0.0.1:${device.port} takes the connection.`,
      'read true: Unit 1: holding:5 as UInt16 reads 5.',
      expect.stringMatching(/^identify null: Unit 1 does not say what it is/),
    ])
    expect({ ok, value: reading?.value }).toEqual({ ok: true, value: 5 })
    await expect.poll(() => device.connections).toBe(0)
  })

  it('is asked over the connection of the running source where there is one, by whatever name', async () => {
    running = [line({ host: 'localhost' })]
    const { said } = await told({ source: line({ key: 'another' }) })
    expect(said[0]).toContain('The running source "line" is connected')
    expect(asked).toEqual(['holding:5'])
    expect(device.connections).toBe(0)
  })

  it.each([
    ['nobody listens', async () => ({ port: await freePort() }), /^connect false: 127.0.0.1 refuses connections/],
    ['its name is unknown', async () => ({ host: 'nowhere.invalid' }), /^resolve false: .*cannot be resolved/],
    ['its host is none', async () => ({ host: 'a host' }), /^settings false: host/],
    [
      'a tag is wrong, beside its connection',
      async () => ({ devices: [{ key: 'm', unitId: 1, tags: [{ key: 'x', type: 'UInt16', address: 'here' }] }] }),
      /^settings null: Not tried, as it is not right yet: devices\[0\]\.tags\[0\]\.address/,
    ],
  ])('says in words what is wrong where %s', async (_, fields, words) => {
    expect((await told({ source: line(await fields()) })).said[0]).toMatch(words)
  })
})

describe('a ChirpStack that is to be added', () => {
  const wanted = () => ({ source: lora({ rules: [rule] }), apiKey: TENANT_KEY })

  it('shows its applications, profiles and devices, and what the rules would make of them', async () => {
    const { ok, said, found } = await told(wanted())
    expect(said).toEqual([
      `connect true: 127.0.0.1:${server.port} answers gRPC.`,
      'login true: ChirpStack takes the API key in the form.',
      'identify true: The tenant "Works" has 1 application with 2 devices; the rules serve 2.',
    ])
    expect(ok).toBe(true)
    expect(found).toMatchObject({ applications: [{ name: 'Building', devices: 2 }], profiles: [{ name: 'Climate' }] })
    expect(found?.devices.map(({ servedAs }) => servedAs)).toEqual([HALL, OFFICE])
  })

  it('lists its tenants to the key of an administrator, and asks others for the tenant id', async () => {
    const { tenantId: _tenantId, ...source } = lora() as Record<string, unknown>
    expect((await told({ source, apiKey: ADMIN_KEY })).found?.tenants).toEqual([{ id: TENANT, name: 'Works' }])
    const { said } = await told({ source, apiKey: TENANT_KEY })
    expect(said[1]).toMatch(/^login null: .*Give the id of the tenant/)
  })

  it('says that it refuses a key, and never which', async () => {
    const { ok, said } = await told({ ...wanted(), apiKey: 'not-its-key' })
    expect(ok).toBe(false)
    expect(said.at(-1)).toMatch(/^login false: .*no API key of ChirpStack/)
    expect(said.join()).not.toContain('not-its-key')
  })

  it('takes the key from the environment, but sends no secret of the running configuration anywhere else', async () => {
    const env = { PENSTOCK_LORA_API_KEY: TENANT_KEY, PENSTOCK_SAM_PASSWORD: 'sam guards', OTHER: 'a secret' }
    expect((await told({ source: lora() }, env)).said[1]).toBe(
      'login true: ChirpStack takes the API key in PENSTOCK_LORA_API_KEY.',
    )
    running = [lora()]
    expect((await told({ source: lora() }, env)).ok).toBe(true)
    const url = `http://127.0.0.1:${elsewhere.port}`
    for (const fields of [{ url }, { url, apiKeyEnv: 'PENSTOCK_SAM_PASSWORD' }, { url, apiKeyEnv: 'OTHER' }]) {
      const { ok, said } = await told({ source: lora(fields) }, env)
      expect({ ok, step: said.at(-1)?.slice(0, 12) }).toEqual({ ok: false, step: 'login false:' })
    }
    running = [{ key: 'nobody knows what this source sends where' }]
    expect((await told({ source: lora({ url }) }, env)).said).toEqual([
      expect.stringMatching(/^settings false: .*mend it/),
    ])
    expect(elsewhere.asked).toEqual([])
  })
})
