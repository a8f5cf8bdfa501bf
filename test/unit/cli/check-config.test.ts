import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { checkConfig } from '../../../src/cli/check-config.ts'
import { checkConfigurationText } from '../../../src/cli/doctor/configuration-checks.ts'
import { makeAuthority } from '../../support/certificates.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-check-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** What `penstock check-config` prints for a ChirpStack source that trusts this file, and its exit code. */
const check = (caFile: string) => {
  vi.stubEnv('PENSTOCK_LORA_API_KEY', 'key')
  const source = `{ key: lora, kind: chirpstack, url: 'https://c', tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242, tls: { caFile: '${caFile}' } }`
  return checkPlant(`sources: [${source}]\n`)
}

async function checkPlant(
  yaml: string,
  show: Parameters<typeof checkConfig>[1] = {},
): Promise<{ readonly printed: string; readonly code: number }> {
  const plant = join(folder, 'plant.yaml')
  await writeFile(plant, yaml)
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  return { code: await checkConfig(plant, show), printed }
}

it('a TLS file that is not there is a warning of the check, since it may be there when Penstock runs', async () => {
  const { printed, code } = await check(join(folder, 'gone.pem'))
  expect(printed).toMatch(/is in order: 1 sources.*\n {2}warning: source "lora": tls\.caFile: .*gone\.pem.*ENOENT/)
  expect(code).toBe(0)
})

it('a TLS file that is in order is nothing to speak of', async () => {
  await writeFile(join(folder, 'ca.pem'), makeAuthority('Plant CA').cert)
  expect((await check(join(folder, 'ca.pem'))).printed).not.toContain('warning')
})

const modbus = (device: string, tags: string) => `
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices: [{ key: meter, unitId: 1, ${device}, tags: [${tags.replace(/\s+/g, ' ')}] }]
`

it('says where the value of each Modbus tag is read, and as what, for whoever compares it with a manual', async () => {
  const tags = `
    { key: power, type: Float, address: "40001", order: CDAB },
    { key: bit, type: Boolean, address: "holding:10.3" },
    { key: valve, type: Boolean, address: C5 },
    { key: word, type: UInt16, address: "%MW7" },
    { key: serial, type: String, address: "HRS21:15" },
    { key: days, type: UInt32, address: "input:1", arrayLength: 7, order: DCBA }`
  const { printed } = await checkPlant(modbus('addressBase: 1, byteOrder: little', tags), { addresses: true })
  expect(printed.split('\n').slice(1)).toEqual([
    '  meter/power: 40001 is holding:1, on the wire holding registers 0 to 1, float32 CDAB',
    '  meter/bit: holding:10.3 is holding:10.3, on the wire holding register 9, bool, bytes swapped',
    '  meter/valve: C5 is coil:5, on the wire coil bit 4',
    '  meter/word: %MW7 is holding:8, on the wire holding register 7, uint16, bytes swapped',
    '  meter/serial: HRS21:15 is holding:21, on the wire holding registers 20 to 27, string, bytes swapped',
    '  meter/days: input:1 is input:1, on the wire input registers 0 to 13, 7 of uint32 DCBA',
    '',
  ])
})

it('says how an address is taken that may be copied from a manual', async () => {
  const tags = '{ key: a, type: Int16, address: "holding:40002" }, { key: b, type: Int16, address: "holding:40003" }'
  const { printed, code } = await checkPlant(modbus('poll: 1s', tags))
  expect(printed).toContain(
    'warning: source "line": device "meter": holding:40002 (and 1 more) is taken as number 40002 of the table holding; ' +
      'where the number is from a manual that calls the first one 40001, write 40002 or holding:1',
  )
  expect(code).toBe(0)
  const clear = '{ key: a, type: Int16, address: "40002" }, { key: b, type: Boolean, address: "coil:40003" }'
  expect((await checkPlant(modbus('poll: 1s', clear))).printed).not.toContain('warning')
})

it('says no more than the doctor does: doubts of a configuration, and secrets that a wrong one misses too', async () => {
  const file = join(folder, 'gone.pem')
  const tags = '{ key: a, type: Int16, address: "holding:40002" }'
  const lora = `  - { key: lora, kind: chirpstack, url: 'https://c', tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242, tls: { caFile: '${file}' } }`
  const yaml = `${modbus('poll: 1s', tags)}${lora}`
  const states = async (text: string, env: Record<string, string>) =>
    (await checkConfigurationText(text, 'plant.yaml', env)).findings.map(({ check, state, text: said }) => {
      return [check, state, /gone\.pem|40002|unitId|PENSTOCK_LORA_API_KEY/.exec(said)?.[0]]
    })

  expect(await states(yaml, { PENSTOCK_LORA_API_KEY: 'key' })).toEqual([
    ['configuration', 'ok', undefined],
    ['configuration', 'warning', 'gone.pem'],
    ['configuration', 'warning', '40002'],
    ['secrets', 'ok', undefined],
  ])
  expect(await states(yaml.replace('unitId: 1', 'unitId: 999'), {})).toEqual([
    ['configuration', 'problem', 'unitId'],
    ['configuration', 'problem', 'PENSTOCK_LORA_API_KEY'],
  ])
})
