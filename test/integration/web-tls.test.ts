import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LocalGateway } from '../../src/cli/config/local-gateway.ts'
import { checkWeb } from '../../src/cli/doctor/web-checks.ts'
import { configSchema } from '../../src/config/schema.ts'
import { webTlsOf } from '../../src/gateway/web-tls-of.ts'
import { LocalToken } from '../../src/http/local-token.ts'
import { EncryptedPort } from '../../src/http/tls/encrypted-port.ts'
import { type Identity, makeAuthority, makeIdentity } from '../support/certificates.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { recordingLogger } from '../support/opcua-room.ts'

const DAY = 86_400_000
const WITHIN = { timeout: 20_000 }
let folder: string
let clock: ManualClock
const ends: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-web-tls-'))
  clock = new ManualClock(Date.now())
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  rmSync(folder, { recursive: true, force: true })
})

const configOf = (tls: object, port = 0) =>
  configSchema.parse({
    gateway: { data: folder },
    opcua: { hostname: 'plant.example', alternateHostnames: ['10.1.2.3'] },
    http: { port, tls },
    sources: [],
  })

/** The web of a gateway as far as it is encrypted; it answers what it was asked. */
async function serve(tls: object) {
  const { log, logged } = recordingLogger()
  const webTls = await webTlsOf(configOf(tls), log, clock)
  if (!webTls) throw new Error('not encrypted')
  const port = new EncryptedPort(
    webTls.identity,
    (request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ asked: request.url, as: request.headers.authorization }))
    },
    clock,
  )
  await new Promise<void>((done) => port.server.listen(0, '127.0.0.1', done))
  webTls.follow((identity) => port.renew(identity))
  ends.push(() => {
    webTls.stop()
    port.closeAllConnections()
    return new Promise((done) => port.server.close(done))
  })
  return { port: (port.server.address() as AddressInfo).port, logged, webTls }
}

/** The certificate that clients are shown. */
const shownAt = (port: number, options: object = {}) =>
  new Promise<PeerCertificate>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
    socket.on('error', reject)
  })

const put = (name: string, { cert, key }: Identity) => {
  writeFileSync(join(folder, `${name}.pem`), cert)
  writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 })
  chmodSync(join(folder, `${name}.key`), 0o600)
}
const files = () => ({ certificateFile: join(folder, 'web.pem'), keyFile: join(folder, 'web.key') })

describe('the web with a certificate of its own', () => {
  it('has one for the names that the gateway tells clients, keeps it over a restart, and renews it in time', async () => {
    const { port } = await serve({})
    const shown = await shownAt(port)
    for (const name of ['DNS:plant.example', 'IP Address:10.1.2.3', 'DNS:localhost', 'IP Address:0:0:0:0:0:0:0:1']) {
      expect(shown.subjectaltname).toContain(name)
    }
    expect(statSync(join(folder, 'pki/web/private/key.pem')).mode & 0o777).toBe(0o600)
    const again = await serve({})
    expect((await shownAt(again.port)).fingerprint256).toBe(shown.fingerprint256)
    const ca = readFileSync(join(folder, 'web-certificate.pem'), 'utf8')
    const believed = shownAt(port, { rejectUnauthorized: true, ca, servername: 'plant.example' })
    expect((await believed).fingerprint256).toBe(shown.fingerprint256)

    clock.jump(795 * DAY)
    await vi.waitFor(async () => {
      await clock.advance(10_000)
      const renewed = await shownAt(again.port)
      expect(renewed.fingerprint256).not.toBe(shown.fingerprint256)
      expect(renewed.pubkey).toEqual(shown.pubkey)
    }, WITHIN)
    clock.jump(900 * DAY)
    const late = await shownAt((await serve({})).port)
    expect(Date.parse(late.valid_to)).toBeGreaterThan(clock.now())
    expect(late.pubkey).toEqual(shown.pubkey)
  })

  it('speaks TLS 1.2 and 1.3 and nothing older', async () => {
    const { port } = await serve({})
    await expect(shownAt(port, { maxVersion: 'TLSv1.2' })).resolves.toBeDefined()
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(shownAt(port, old)).rejects.toThrow(/alert|version|protocol/i)
  })

  it('sends whoever comes without TLS to the same page with it, and refuses what carries a password', async () => {
    const { port } = await serve({})
    const origin = `http://127.0.0.1:${port}`
    const sent = await fetch(`${origin}/plant?search=a`, { redirect: 'manual' })
    expect(sent.status).toBe(307)
    expect(sent.headers.get('location')).toBe(`https://127.0.0.1:${port}/plant?search=a`)
    for (const init of [{ method: 'POST', body: '{}' }, { headers: { Authorization: 'Bearer pst_x' } }]) {
      const refused = await fetch(`${origin}/api/v1/values`, { redirect: 'manual', ...init })
      expect(refused.status).toBe(403)
      expect(await refused.json()).toMatchObject({ code: 'ENCRYPTION_NEEDED' })
    }
    expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({ asked: '/readyz' })
  })

  it('lets go who says nothing', async () => {
    const { port } = await serve({})
    const silent = connectPlain(port, '127.0.0.1')
    const closed = new Promise((done) => silent.once('close', done))
    await new Promise((done) => silent.once('connect', done))
    await vi.waitFor(async () => {
      await clock.advance(10_000)
      expect(silent.readyState).not.toBe('open')
    }, WITHIN)
    await closed
  })

  it('is found and believed by the commands on the machine, whoever issued the certificate', async () => {
    put('web', makeIdentity(makeAuthority('Plant CA'), ['plant.example']))
    const { port } = await serve(files())
    const config = join(folder, 'plant.yaml')
    writeFileSync(config, JSON.stringify({ gateway: { data: folder }, http: { port }, sources: [] }))
    expect(new LocalToken(folder).isIn(undefined)).toBe(false)
    const gateway = new LocalGateway({ config }, {})
    expect(await gateway.ask('GET', '/sessions')).toMatchObject({
      asked: '/sessions',
      as: expect.stringMatching(/^Bearer /),
    })
    put('other', makeIdentity(makeAuthority('Plant CA'), ['127.0.0.1']))
    renameSync(join(folder, 'other.pem'), join(folder, 'web-certificate.pem'))
    await expect(new LocalGateway({ config }, {}).ask('GET', '/sessions')).rejects.toMatchObject({ exitCode: 3 })
  })
})

describe('the web with the certificate of the plant', () => {
  const authority = makeAuthority('Plant CA')
  const look = async () => {
    await clock.advance(10_000)
    await clock.advance(10_000)
  }

  it('takes a new pair while it runs; one that cannot be used is refused loudly, and the former stays', async () => {
    put('web', makeIdentity(authority, ['plant.example', 'first.example']))
    const { port, logged } = await serve(files())
    const refusals = () => logged.filter(({ message }) => message.includes('REFUSED'))
    expect((await shownAt(port)).subjectaltname).toContain('first.example')

    writeFileSync(files().certificateFile, makeIdentity(authority, ['plant.example', 'stranger.example']).cert)
    await vi.waitFor(async () => {
      await look()
      expect(refusals()).toMatchObject([{ level: 'error', fields: { cause: expect.stringContaining('another key') } }])
    }, WITHIN)
    expect((await shownAt(port)).subjectaltname).toContain('first.example')
    put('web', makeIdentity(authority, ['plant.example'], 'no longer'))
    await vi.waitFor(async () => {
      await look()
      expect(refusals()).toHaveLength(2)
    }, WITHIN)
    expect((await shownAt(port)).subjectaltname).toContain('first.example')

    put('web', makeIdentity(authority, ['plant.example', 'second.example']))
    await vi.waitFor(async () => {
      await look()
      expect((await shownAt(port)).subjectaltname).toContain('second.example')
    }, WITHIN)
  })

  it('does not begin with a key of another certificate, and does with one that has only expired', async () => {
    put('web', makeIdentity(authority, ['plant.example']))
    writeFileSync(files().keyFile, makeIdentity(authority, ['plant.example']).key, { mode: 0o600 })
    await expect(serve(files())).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    put('web', makeIdentity(authority, ['plant.example'], 'no longer'))
    const { port, logged } = await serve(files())
    expect((await shownAt(port)).subjectaltname).toContain('plant.example')
    expect(logged.some(({ message }) => message.includes('has expired'))).toBe(true)
  })

  it('is examined by the doctor: its pair, its names and its end', async () => {
    const examined = async (tls: object) => (await checkWeb(configOf(tls), clock.now()))[0]
    expect(await examined({})).toMatchObject({ state: 'ok', text: expect.stringContaining('makes a certificate') })
    expect(await examined(files())).toMatchObject({ state: 'problem' })
    put('web', makeIdentity(authority, ['plant.example']))
    expect(await examined(files())).toMatchObject({ state: 'warning', text: expect.stringContaining('expires on') })
    expect(await checkWeb(configOf({ enabled: false }), clock.now())).toEqual([])
  })
})
