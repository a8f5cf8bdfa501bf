import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { hashPassword } from '../../../src/core/password.ts'
import { SecretMask } from '../../../src/gateway/support/mask.ts'
import { supportBundle } from '../../../src/gateway/support/support-bundle.ts'
import { supportArchive } from '../../../src/gateway/support/support-files.ts'
import { tarGz } from '../../../src/gateway/support/tar-file.ts'
import { LogRing } from '../../../src/telemetry/log-ring.ts'
import { RecentLog } from '../../../src/telemetry/recent-log.ts'
import { aGatewayHealth, aSourceHealth } from '../../support/gateway-health.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-support-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** As `tar` unpacks it: the texts by their names. */
function unpacked(archive: Buffer): Record<string, string> {
  const into = join(folder, 'unpacked')
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into)
  execFileSync('tar', ['-xzf', '-', '-C', into, '--strip-components=1'], { input: archive })
  return Object.fromEntries(readdirSync(into).map((name) => [name, readFileSync(join(into, name), 'utf8')]))
}

describe('the archive', () => {
  it('is what tar reads, whatever the lengths of its files', () => {
    const texts = ['', 'a', 'ü'.repeat(256), 'x'.repeat(511), 'x'.repeat(512), 'x'.repeat(5_000)]
    const archive = tarGz(
      texts.map((text, n) => ({ name: `folder/${n}.txt`, text })),
      Date.UTC(2026, 10, 21),
    )
    expect(Object.values(unpacked(archive))).toEqual(texts)
  })

  it('says in its file why a part could not be made, and has the others', async () => {
    const parts = {
      'good.json': () => ({ n: 12n, map: new Map([['a', 1]]) }),
      'bad.json': () => Promise.reject(new Error('the engine is gone')),
    }
    const files = unpacked(await supportArchive(parts, new SecretMask([]), Date.UTC(2026, 10, 21)))
    expect(JSON.parse(files['good.json'] ?? '')).toEqual({ n: '12', map: { a: 1 } })
    expect(JSON.parse(files['bad.json'] ?? '')).toEqual({ unavailable: 'the engine is gone' })
  })
})

describe('no secret is in a text', () => {
  it.each([
    [
      'a key',
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      'PRIVATE',
    ],
    ['a URL with a password', 'proxy http://joe:hunter22@proxy:3128/ refused', 'hunter22'],
    ['a header', 'Authorization: Bearer abcdefgh.12345678', 'abcdefgh'],
    ['a key of ChirpStack', 'key eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl was refused', 'eyJ'],
    ['the code of the first visit', '{"level":"warn","setupCode":"ABCD-EFGH-JKLM","msg":"…"}', 'ABCD'],
  ])('that looks like one: %s', (_what, text, secret) => {
    expect(new SecretMask([]).text(text)).not.toContain(secret)
  })

  it('in whatever way it is written', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4, maxLength: 40 }).filter((each) => each.trim().length >= 4 && !each.includes('[')),
        (secret) => {
          const json = JSON.stringify({ secret })
          const url = `http://x/?a=${encodeURIComponent(secret)}`
          const text = [secret, json, JSON.stringify(json), url, Buffer.from(secret).toString('base64')].join('\n')
          const masked = new SecretMask([secret]).text(text)
          for (const written of [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]) {
            expect(masked).not.toContain(written)
          }
        },
      ),
    )
  })
})

describe('the support bundle', () => {
  it('holds no secret of configuration, environment, users, keys or token, wherever they are written by mistake', {
    timeout: 30_000,
  }, async () => {
    const hash = await hashPassword('the password of somebody')
    const key = generateKeyPairSync('rsa', { modulusLength: 1024 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString()
    mkdirSync(join(folder, 'pki/application/own/private'), { recursive: true })
    writeFileSync(join(folder, 'pki/application/own/private/private_key.pem'), key)
    const secret = fc
      .string({ minLength: 8, maxLength: 60 })
      .filter((each) => each.trim().length >= 8 && !each.includes('['))
    await fc.assert(
      fc.asyncProperty(secret, secret, secret, secret, async (password, apiKey, inFile, token) => {
        writeFileSync(join(folder, 'local.token'), `${token}\n`)
        writeFileSync(join(folder, 'admin'), `${inFile}\n`)
        const leaked = `${password} ${apiKey} ${inFile.trim()} ${token} ${hash} ${key}`
        const recentLog = new RecentLog()
        new LogRing(recentLog.bufferOf('engine')).write(JSON.stringify({ time: '1', msg: leaked }))
        const clock = new ManualClock()
        const health = aGatewayHealth()
        const archive = await supportBundle({
          dataFolder: folder,
          secrets: { PENSTOCK_OLGA_PASSWORD: password },
          env: { PENSTOCK_LORA_API_KEY: apiKey, PENSTOCK_ADMIN_PASSWORD_FILE: join(folder, 'admin') },
          rooms: {
            audit: async () => [
              { id: 1, at: 1, by: { user: leaked, origin: 'cli' }, action: 'a', subject: leaked, outcome: 'done' },
            ],
            certificates: async () => [],
            diagnostics: async () => [{ ...aSourceHealth('line', { reason: leaked }), devices: [] }],
            findings: async () => null,
          },
          users: {
            list: () => [],
            records: [
              {
                name: 'x',
                roles: [],
                passwordHash: hash,
                certificates: [],
                disabled: false,
                createdAt: 0,
                changedAt: 0,
              },
            ],
          },
          health: async () => ({ ...health, disk: { ...health.disk, reason: leaked } }),
          configuration: {
            current: () => ({
              version: { id: 1, at: 1, by: { user: 'x', origin: 'cli' }, comment: leaked },
              text: `# ${leaked.replaceAll('\n', ' ')}\n${stringify({ gateway: { name: leaked }, users: [{ password: 'plain text' }] })}`,
              origins: new Map(),
            }),
          },
          recentLog,
          examine: async () => ({ text: leaked }),
          clock,
        })
        const files = unpacked(archive)
        expect(Object.keys(files)).toHaveLength(13)
        for (const text of Object.values(files)) {
          for (const each of [
            password,
            apiKey,
            inFile.trim(),
            token.trim(),
            hash,
            'plain text',
            ...key.split('\n').slice(1, 3),
          ]) {
            expect(text).not.toContain(each)
            expect(text).not.toContain(JSON.stringify(each).slice(1, -1))
          }
        }
      }),
      { numRuns: 8, endOnFailure: true },
    )
  })
})
