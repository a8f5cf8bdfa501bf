import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { checkConfig } from '../../../src/cli/check-config.ts'
import { makeAuthority } from '../../support/certificates.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-check-'))
  vi.stubEnv('PENSTOCK_LORA_API_KEY', 'key')
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** What `penstock check-config` prints for a ChirpStack source that trusts this file, and its exit code. */
async function check(caFile: string): Promise<{ readonly printed: string; readonly code: number }> {
  const plant = join(folder, 'plant.yaml')
  const source = `{ key: lora, kind: chirpstack, url: 'https://c', tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242, tls: { caFile: '${caFile}' } }`
  await writeFile(plant, `sources: [${source}]\n`)
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  return { code: await checkConfig(plant, false), printed }
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
