import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TlsConfig } from '../../../src/core/plant.ts'
import { readTlsMaterial } from '../../../src/sources/tls-material.ts'
import { makeAuthority, makeIdentity } from '../../support/certificates.ts'

const authority = makeAuthority('Plant CA')
const client = makeIdentity(authority, ['gateway'])
const expired = makeIdentity(authority, ['gateway'], 'no longer')
const early = makeIdentity(authority, ['gateway'], 'not yet')

let folder = ''
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-tls-'))
  const put = (name: string, text: string, mode = 0o600) => writeFile(at(name), text, { mode })
  await put('ca.pem', `Two authorities\n${expired.cert}${authority.cert}`)
  await put('client.pem', client.cert)
  await put('client.key', client.key)
  await put('expired.pem', expired.cert)
  await put('early.pem', early.cert)
  await put('other.key', expired.key)
  await put('text.pem', 'nothing of the kind')
  await put('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  await put('open.key', client.key)
  await chmod(at('open.key'), 0o644)
})

afterAll(() => rm(folder, { recursive: true }))

const read = (tls: TlsConfig, secrets: Record<string, string> = {}) =>
  readTlsMaterial(tls, (name) => secrets[name], Date.now())

describe('the files of a TLS connection', () => {
  it('are an authority of the plant, a certificate with its key, and a name', async () => {
    const material = await read({
      caFile: at('ca.pem'),
      certificateFile: at('client.pem'),
      keyFile: at('client.key'),
      serverName: 'lora.plant',
    })
    expect(material.ca).toHaveLength(2)
    expect(material.client).toEqual({ certificate: client.cert.trim(), key: client.key })
    expect(material.serverName).toBe('lora.plant')
  })

  it('may leave the key to the environment', async () => {
    const material = await read({ certificateFile: at('client.pem'), keyEnv: 'TLS_KEY' }, { TLS_KEY: client.key })
    expect(material.client?.key).toBe(client.key)
    expect(material.ca).toBeUndefined()
  })

  it.each([
    ['is not there', { caFile: 'gone.pem' }, /^tls\.caFile: the file \S+gone\.pem cannot be read \(ENOENT\)\. Correct/],
    ['is no certificate', { caFile: 'text.pem' }, /^tls\.caFile: .*text\.pem holds no certificate.*PEM/],
    ['is a broken certificate', { certificateFile: 'broken.pem' }, /^tls\.certificateFile: .*holds no certificate/],
    ['expired', { certificateFile: 'expired.pem' }, /^tls\.certificateFile: .*expired\.pem expired on 2.*valid one/],
    ['is an authority that expired', { caFile: 'expired.pem' }, /^tls\.caFile: .* expired on/],
    ['is of the future', { certificateFile: 'early.pem' }, /is not valid before .*clock/],
    ['may be read by everybody', { certificateFile: 'client.pem', keyFile: 'open.key' }, /^tls\.keyFile: .*chmod 600/],
    ['is no key', { certificateFile: 'client.pem', keyFile: 'client.pem' }, /^tls\.keyFile \S+ holds no private key/],
    ['is the key of another', { certificateFile: 'client.pem', keyFile: 'other.key' }, /other\.key holds another key/],
  ])('are refused with the setting, the file and the mend when one %s', async (_, names, message) => {
    const paths = Object.fromEntries(Object.entries(names).map(([setting, name]) => [setting, at(name)]))
    const refused = await read(paths).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) })
    expect(String(refused)).not.toContain(client.key.split('\n')[1])
  })

  it('are refused when the variable with the key is not set', async () => {
    const reading = read({ certificateFile: at('client.pem'), keyEnv: 'TLS_KEY' })
    await expect(reading).rejects.toMatchObject({ code: 'SECRET_MISSING', message: expect.stringContaining('TLS_KEY') })
  })
})
