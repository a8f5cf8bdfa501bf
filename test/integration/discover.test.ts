import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { checkConfiguration } from '../../src/cli/configuration.ts'
import type { DiscoverReport } from '../../src/cli/discover/report.ts'
import { yamlOf } from '../../src/cli/discover/text.ts'
import { type DiscoverOptions, discover } from '../../src/cli/discover.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'

const env = { PENSTOCK_LORA_API_KEY: TENANT_KEY }
let server: ChirpStackServer
let folder: string

beforeEach(async () => {
  server = await ChirpStackServer.start([HALL, OFFICE])
  folder = mkdtempSync(join(tmpdir(), 'penstock-discover-'))
})

afterEach(async () => {
  await server.chirpStack.close()
  rmSync(folder, { recursive: true, force: true })
})

function configFile(source: object, more: object = {}): string {
  const file = join(folder, 'plant.yaml')
  const lora = { key: 'lora', kind: 'chirpstack', url: `http://127.0.0.1:${server.port}`, tenantId: TENANT, ...source }
  writeFileSync(file, stringify({ sources: [lora], ...more }))
  return file
}

async function run(config: string, options: Partial<DiscoverOptions> = {}): Promise<string> {
  const printed: string[] = []
  const code = await discover({ config, watchSeconds: 0.3, json: false, ...options }, env, (text) => printed.push(text))
  expect(code).toBe(0)
  return printed.join('\n')
}

const report = async (config: string): Promise<DiscoverReport> =>
  JSON.parse(await run(config, { json: true })) as DiscoverReport

describe('penstock discover', () => {
  it('shows what the rules make of the inventory, and templates that go into the configuration as they are', async () => {
    for (let n = 0; n < 3; n++) {
      const object = { temperature: 20 + n / 2, door: { open: n > 0 }, 'odd key': 'x' }
      server.chirpStack.uplink(HALL, { object, time: Date.now() - 60_000 * (3 - n) })
    }
    const file = configFile({ rules: [{ name: `${HALL}*`, template: 'auto' }] })
    await vi.waitFor(
      async () => {
        expect(await report(file)).toMatchObject({
          source: 'lora',
          tenant: { id: TENANT },
          devices: [
            { devEui: HALL, application: 'Building', profile: 'Climate', uplinks: 3, servedAs: HALL, tags: 9 },
            { devEui: OFFICE, uplinks: 0 },
          ],
          proposals: [],
          drift: [{ kind: 'unmapped', devEui: OFFICE }],
        })
      },
      { timeout: 30_000 },
    )
    const { templates } = await report(file)
    const text = yamlOf(templates)
    expect(text).toContain('- { key: temperature, name: temperature, type: Double, address: object.temperature }')
    const rules = [{ template: 'climate' }]
    const source = { key: 'lora', kind: 'chirpstack', url: 'http://h', tenantId: TENANT, rules }
    const { config } = checkConfiguration(`${stringify({ sources: [source] })}\n${text}`, 'pasted.yaml', env)
    expect(config.templates).toMatchObject([
      {
        key: 'climate',
        tags: [
          { type: 'Double', address: 'object.temperature' },
          { type: 'Boolean', address: 'object.door.open' },
          { type: 'String', address: 'object["odd key"]' },
        ],
      },
    ])
  })

  it('says all of it in words, without what a terminal would obey', async () => {
    const { applicationId, profileId } = server
    const evil = { devEui: 'a81758fffe0a1009', name: 'evil\u001b[2J\nname', applicationId, profileId }
    server.chirpStack.directory.addDevice(evil)
    const text = await run(configFile({ rules: [{ application: 'build*', template: 'auto', accept: 'propose' }] }))
    expect(text).toContain('Inventory: 3 devices of the tenant')
    expect(text).toContain('rules[0] application "build*": template auto, propose')
    expect(text).toContain('Proposals: 3')
    expect(text).toContain(`proposed ${HALL}`)
    expect(text).not.toContain('\u001b')
  })

  it('listens to no device that a rule ignores', async () => {
    await run(configFile({ rules: [{ name: HALL, ignore: true }] }))
    expect(server.subjects('InternalService.StreamDeviceEvents')).toEqual([OFFICE])
  })

  it('says which devices it could not listen to, and why', async () => {
    server.onAsked = (method) => {
      if (method !== 'InternalService.StreamDeviceEvents') return
      server.chirpStack.setUnavailable({ code: status.INTERNAL, details: 'Redis' })
    }
    const text = await run(configFile({}), { watchSeconds: 1 })
    expect(text).toMatch(
      /not heard \(The event stream of a81758fffe0a1001 was ended by an error inside ChirpStack.*Redis/,
    )
  })

  it('serves no device under a key that stands elsewhere in the plant', async () => {
    const modbus = { key: 'line', kind: 'modbus', host: 'h', devices: [{ key: HALL, unitId: 1 }] }
    const file = configFile({ rules: [{ template: 'auto' }] })
    const lora = { key: 'lora', kind: 'chirpstack', url: `http://127.0.0.1:${server.port}`, tenantId: TENANT }
    writeFileSync(file, stringify({ sources: [{ ...lora, rules: [{ template: 'auto' }] }, modbus] }))
    expect((await report(file)).drift).toMatchObject([{ kind: 'key_clash', devEui: HALL }])
  })

  it.each<[string, string, Partial<DiscoverOptions>, Readonly<Record<string, string>>]>([
    ['the key is not in the environment', 'SECRET_MISSING', {}, {}],
    ['the key is refused', 'ACCESS_DENIED', {}, { PENSTOCK_LORA_API_KEY: 'a.b.c' }],
    ['there is no such source', 'CONFIG_INVALID', { source: 'laro' }, env],
    ['the time to listen is none', 'CONFIG_INVALID', { watchSeconds: Number.NaN }, env],
  ])('ends in words when %s', async (_, code, options, environment) => {
    const config = configFile({})
    const running = discover({ config, watchSeconds: 0, json: false, ...options }, environment, () => undefined)
    await expect(running).rejects.toMatchObject({ code })
  })
})
