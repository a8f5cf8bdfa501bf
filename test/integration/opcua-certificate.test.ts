import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager, OPCUAClient } from 'node-opcua'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { openCertificateStores } from '../../src/opcua/certificates.ts'
import { OpcuaServerRoom } from '../../src/opcua/server-room.ts'
import type { OpcuaSettings } from '../../src/opcua/settings.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { EngineStandIn } from '../support/opcua-engine.ts'
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
