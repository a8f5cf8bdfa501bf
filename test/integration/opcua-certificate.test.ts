import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager, OPCUAClient } from 'node-opcua'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { CertificateDesk } from '../../src/opcua/certificate-desk.ts'
import { CertificateStore } from '../../src/opcua/certificate-store.ts'
import { openCertificateStores } from '../../src/opcua/certificates.ts'
import { OpcuaServerRoom } from '../../src/opcua/server-room.ts'
import type { OpcuaSettings } from '../../src/opcua/settings.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { EngineStandIn } from '../support/opcua-engine.ts'
import { makeOpcuaIdentity, makeRevocationList } from '../support/opcua-identities.ts'
import { smallPlant } from '../support/opcua-plant.ts'
import { noHistory, noMachine, recordingLogger, roomSettings } from '../support/opcua-room.ts'

const YEAR = 365 * 86_400_000

let pki: string
beforeEach(async () => {
  pki = await mkdtemp(join(tmpdir(), 'penstock-certificate-'))
})
afterEach(() => rm(pki, { recursive: true, force: true }))

const certificateFile = () => join(pki, 'application/own/certs/certificate.pem')
const certificate = async () => new X509Certificate(await readFile(certificateFile()))
const formers = async () =>
  (await readdir(join(pki, 'application/own/certs'))).filter((name) => name.startsWith('former-'))

/** What a start does to the certificate, and what it says about it. */
async function start(settings: Partial<OpcuaSettings> = {}, clock = new ManualClock()) {
  const { log, logged } = recordingLogger()
  const stores = await openCertificateStores(roomSettings(pki, settings), clock, log)
  await stores.application.dispose()
  await stores.users.dispose()
  return { applicationUri: stores.applicationUri, logged }
}

it('a gateway under another host name has a certificate and endpoints that fit it, and the same ApplicationUri', async () => {
  const offered = async (hostname: string) => {
    const engine = new EngineStandIn(smallPlant())
    const { log } = recordingLogger()
    const settings = roomSettings(pki, { hostname })
    const room = new OpcuaServerRoom({
      settings,
      ...noMachine,
      history: noHistory,
      clock: systemClock,
      log,
      onFatal: () => undefined,
    })
    await room.start(engine.port)
    const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 0 } })
    const { port } = new URL((room.health().endpoints[0] ?? '').replace('opc.tcp', 'http'))
    await client.connect(`opc.tcp://127.0.0.1:${port}/penstock`)
    const [endpoint] = await client.getEndpoints()
    await client.disconnect()
    await room.stop()
    engine.die()
    const [shown] = [endpoint?.serverCertificate ?? []].flat()
    return { uri: endpoint?.server.applicationUri ?? 'none', certificate: new X509Certificate(shown as Buffer) }
  }
  const before = await offered('127.0.0.1')
  const after = await offered('gateway.plant.example')

  expect(after.uri).toBe(before.uri)
  for (const { uri, certificate } of [before, after]) expect(certificate.subjectAltName).toContain(`URI:${uri}`)
  expect(before.certificate.subjectAltName).not.toContain('gateway.plant.example')
  expect(after.certificate.subjectAltName).toContain('DNS:gateway.plant.example')
  expect(after.certificate.publicKey.equals(before.certificate.publicKey)).toBe(true)
})

it('a certificate that fits stays, also when a name is no longer configured', async () => {
  await start({ alternateHostnames: ['gateway.plant.example', '10.1.2.3', 'fe80::1'] })
  const before = (await certificate()).fingerprint256

  await start({ alternateHostnames: ['gateway.plant.example', '10.1.2.3', 'fe80::1'] })
  await start()

  expect((await certificate()).fingerprint256).toBe(before)
  expect(await formers()).toEqual([])
})

it.each<[string, Partial<OpcuaSettings>, number, string]>([
  ['lacks a name', { alternateHostnames: ['scada-gw', '10.1.2.3'] }, 0, 'it lacks the names scada-gw, 10.1.2.3'],
  ['has expired', {}, 11 * YEAR, 'it expired on 2035-12-30T00:00:00.000Z'],
  ['expires within 30 days', {}, 10 * YEAR - 29 * 86_400_000, 'it expires on 2035-12-30T00:00:00.000Z'],
])('a certificate that %s is replaced, kept aside, and the log says why', async (_case, settings, later, fault) => {
  const { applicationUri } = await start()
  const before = await certificate()
  const clock = new ManualClock()
  clock.jump(later)

  const second = await start(settings, clock)

  const after = await certificate()
  expect(second.applicationUri).toBe(applicationUri)
  expect(after.fingerprint256).not.toBe(before.fingerprint256)
  expect(after.publicKey.equals(before.publicKey)).toBe(true)
  expect(after.validFromDate.getTime()).toBe(clock.now())
  const [former] = await formers()
  expect(new X509Certificate(await readFile(join(pki, 'application/own/certs', former ?? ''))).raw).toEqual(before.raw)
  expect(second.logged).toContainEqual(
    expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ faults: [fault] }) }),
  )
  expect((await start(settings, clock)).logged).toEqual([])
})

it('a certificate of another key, or one that cannot be read, is replaced', async () => {
  await start()
  const good = await readFile(certificateFile())
  const other = new OPCUACertificateManager({ rootFolder: join(pki, 'other'), disableFileWatchers: true })
  await other.initialize()
  await other.createSelfSignedCertificate({
    applicationUri: 'urn:somebody:else',
    dns: ['127.0.0.1'],
    subject: '/CN=Other',
    startDate: new Date(),
    validity: 100,
    outputFile: certificateFile(),
  })

  const { logged } = await start()
  expect(JSON.stringify(logged)).toContain('it belongs to another private key')
  expect((await certificate()).publicKey.equals(new X509Certificate(good).publicKey)).toBe(true)

  await writeFile(certificateFile(), '-----BEGIN CERT')
  expect(JSON.stringify((await start()).logged)).toContain('it cannot be read')
  expect((await certificate()).publicKey.equals(new X509Certificate(good).publicKey)).toBe(true)
})

it('a certificate that is not valid yet stays: it is rather the clock that is wrong', async () => {
  await start()
  const before = (await certificate()).fingerprint256
  const clock = new ManualClock()
  clock.jump(-YEAR)

  const { logged } = await start({}, clock)

  expect((await certificate()).fingerprint256).toBe(before)
  expect(logged).toEqual([expect.objectContaining({ level: 'error', message: expect.stringContaining('clock') })])
})

it('the ApplicationUri is that of the certificate where no file says it, and outlives the certificate', async () => {
  const { applicationUri } = await start()
  await rm(join(pki, 'application-uri'))
  expect((await start()).applicationUri).toBe(applicationUri)

  await rm(certificateFile())
  expect((await start()).applicationUri).toBe(applicationUri)
  expect((await certificate()).subjectAltName).toContain(`URI:${applicationUri}`)
})

it('two gateways of the same host name have different ApplicationUris', async () => {
  const { applicationUri } = await start()
  await rm(pki, { recursive: true })

  expect((await start()).applicationUri).not.toBe(applicationUri)
})

describe('a revocation list', () => {
  const authority = makeOpcuaIdentity('Plant CA', { authority: true })
  const forger = makeOpcuaIdentity('Plant CA', { authority: true })
  const client = makeOpcuaIdentity('scada', { issuer: authority })
  const store = 'application' as const

  /** A store that knows the authority, and what happens to it. */
  async function open() {
    const { log, logged } = recordingLogger()
    const opened = new CertificateStore({ folder: join(pki, store), trustUnknown: false, clock: systemClock, log })
    await opened.open()
    const desk = new CertificateDesk({ application: opened, users: opened })
    return { desk, opened, logged, refusals: () => logged.filter(({ level }) => level === 'error') }
  }
  const add = (list: string) => ({ action: 'crl', store, list }) as const
  const trustAuthority = { action: 'add', store, certificate: authority.pem } as const

  it('counts when its authority has signed it', async () => {
    const { desk, opened } = await open()
    await desk.change(trustAuthority)

    expect(await desk.change(add(makeRevocationList(authority)))).toHaveProperty('certificates')
    expect(await opened.isAccepted(client.der)).toBe(true)
    expect(await desk.change(add(makeRevocationList(authority, [client])))).toHaveProperty('certificates')
    expect(await opened.isAccepted(client.der)).toBe(false)
    await opened.dispose()
  })

  it.each([
    ['that somebody else has signed in its name', () => makeRevocationList(forger, [client]), /not signed/],
    [
      'of an authority that nobody trusts',
      () => makeRevocationList(makeOpcuaIdentity('Else', { authority: true })),
      /add its/,
    ],
    ['that was changed afterwards', () => changed(makeRevocationList(authority)), /not signed|no revocation list/],
    ['that is none', () => client.pem, /no revocation list/],
    ['that is larger than any authority needs', () => 'A'.repeat(40_000_000), /at most/],
    [
      'that says it is longer than it is',
      () => Buffer.from('3084ffffffff300d', 'hex').toString('base64'),
      /no revocation/,
    ],
  ])('is refused %s, and changes nothing', async (_what, list, words) => {
    const { desk, opened } = await open()
    await desk.change(trustAuthority)
    await desk.change(add(makeRevocationList(authority)))

    expect(await desk.change(add(list()))).toEqual({ refused: expect.stringMatching(words) })
    expect(await opened.isAccepted(client.der)).toBe(true)
    await opened.dispose()
  })

  it('that is forged and lies in the folder is taken away at the start, and the log says so loudly', async () => {
    const first = await open()
    await first.desk.change(trustAuthority)
    await first.desk.change(add(makeRevocationList(authority)))
    await first.opened.dispose()
    await writeFile(join(pki, store, 'issuers/crl/found.pem'), makeRevocationList(forger, [client]))

    const { opened, refusals } = await open()

    expect(await opened.isAccepted(client.der)).toBe(true)
    expect(refusals().map(({ fields }) => fields.reason)).toEqual(['it is not signed by the authority that it names'])
    expect(await readdir(join(pki, store, 'issuers/crl'))).not.toContain('found.pem')
    expect(await readdir(join(pki, store, 'refused-lists'))).toEqual(['found.pem'])
    await opened.dispose()
  })

  it('that is forged and was there before its authority is taken away as soon as that is trusted', async () => {
    const first = await open()
    await first.opened.dispose()
    await writeFile(join(pki, store, 'issuers/crl/found.pem'), makeRevocationList(forger))
    const { desk, opened, refusals } = await open()
    expect(refusals()).toEqual([])

    await desk.change(trustAuthority)

    expect(refusals()).toHaveLength(1)
    expect(await opened.isAccepted(client.der)).toBe(false)
    await opened.dispose()
  })
})

/** With another byte near the end of what was signed. */
function changed(list: string): string {
  const der = Buffer.from(list.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const at = der.length - 300
  der.writeUInt8(der.readUInt8(at) ^ 1, at)
  return der.toString('base64')
}
