import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AttributeIds,
  type ClientSession,
  CreateSessionRequest,
  DataType,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  StatusCodes,
  UserTokenType,
} from 'node-opcua'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { MAX_REJECTED } from '../../src/opcua/rejected-certificates.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

/** With the settings that hold unless configured otherwise. */
let secured: RoomUnderTest
/** With settings of the test's own. */
let test: RoomUnderTest | undefined

beforeAll(async () => {
  secured = await startRoom()
})
afterAll(() => secured.end())
afterEach(async () => {
  await test?.end()
  test = undefined
})

const [observer, engineer] = users
const anonymous = { type: UserTokenType.Anonymous } as const

const secure = [
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Aes256_Sha256_RsaPss,
]
const modes = [MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt]
const none = { policy: SecurityPolicy.None, mode: MessageSecurityMode.None }

const readPressure = (session: ClientSession) =>
  session.read({ nodeId: nodeId('boiler/pressure'), attributeId: AttributeIds.Value })

describe('who may connect', () => {
  it.each(secure.flatMap((policy) => modes.map((mode) => [policy, mode] as const)))(
    'a user with a password over %s, mode %s',
    async (policy, mode) => {
      const client = await secured.client({ policy, mode })
      await client.connect(secured.endpointUrl)
      const session = await client.createSession(asUser(observer.name, observer.password))

      expect((await readPressure(session)).statusCode).toBe(StatusCodes.BadWaitingForInitialData)
    },
  )

  it('only encrypted or signed endpoints take sessions, and only of users with a password or certificate', async () => {
    const client = OPCUAClient.create({ connectionStrategy: { maxRetry: 0 } })
    await client.connect(secured.endpointUrl)
    const endpoints = await client.getEndpoints()
    await client.disconnect()

    const offered = endpoints.filter(({ securityMode }) => securityMode !== MessageSecurityMode.None)
    expect(offered).toHaveLength(6)
    expect(endpoints).toHaveLength(6)
    const tokens = endpoints.flatMap(({ userIdentityTokens }) => userIdentityTokens ?? [])
    expect(new Set(tokens.map(({ tokenType }) => tokenType))).toEqual(
      new Set([UserTokenType.UserName, UserTokenType.Certificate]),
    )
  })

  it('an anonymous session is refused', async () => {
    await expect(secured.session(anonymous)).rejects.toThrow(/BadIdentityToken|anonymous/i)
  })

  it('a session over an unencrypted connection is refused', async () => {
    const client = await secured.client(none)
    await client.connect(secured.endpointUrl)
    const sessions = secured.room.health().sessions

    // The client would not even ask, as no such endpoint is offered: so the request is sent past it.
    const status = await askForSession(client, secured.endpointUrl)

    expect(status).toBe('BadSecurityModeRejected')
    expect(secured.room.health().sessions).toBe(sessions)
  })

  it.each([
    ['a wrong password', observer.name, 'wrong'],
    ['another user’s password', observer.name, engineer.password],
    ['an unknown user', 'nobody', observer.password],
  ])('%s is refused with BadUserAccessDenied, and no password gets into the log', async (_case, user, password) => {
    await expect(secured.session(asUser(user, password))).rejects.toThrow(/BadUserAccessDenied/)

    expect(secured.logged.map(({ message }) => message)).toContain(
      'OPC UA login refused: unknown user or wrong password',
    )
    expect(JSON.stringify(secured.logged)).not.toMatch(/observer-password|engineer-password|"wrong"/)
  })

  it('after many wrong passwords even the right one has to wait', async () => {
    const clock = new ManualClock()
    test = await startRoom({ clock })
    for (let guess = 0; guess < 5; guess++) {
      await expect(test.session(asUser(observer.name, `guess-${guess}`))).rejects.toThrow(/BadUserAccessDenied/)
    }

    await expect(test.session()).rejects.toThrow(/BadUserAccessDenied/)
    await clock.advance(2_000)

    expect((await test.session()).sessionId.isEmpty()).toBe(false)
  })

  it('a client whose certificate nobody trusts is refused, and its certificate kept for the operator to trust', async () => {
    test = await startRoom({ settings: { autoTrustClients: false } })

    await expect(test.session()).rejects.toThrow()

    const rejected = await readdir(join(test.pkiFolder, 'application/rejected'))
    expect(rejected).toHaveLength(1)
  })

  it('a client is accepted as soon as an operator moves its certificate to the trusted ones', async () => {
    test = await startRoom({ settings: { autoTrustClients: false } })
    const { pkiFolder, session } = test
    await expect(session()).rejects.toThrow()
    await expect(session()).rejects.toThrow()
    const [name = ''] = await readdir(join(pkiFolder, 'application/rejected'))

    await rename(join(pkiFolder, 'application/rejected', name), join(pkiFolder, 'application/trusted/certs', name))

    await vi.waitFor(async () => expect((await session()).sessionId.isEmpty()).toBe(false), 20_000)
  })

  it('of ever new certificates of strangers only the newest are kept', async () => {
    test = await startRoom({ settings: { autoTrustClients: false } })
    const folder = join(test.pkiFolder, 'application/rejected')
    for (let number = 0; number < MAX_REJECTED; number++) await writeFile(join(folder, `stranger-${number}.pem`), '')

    await expect(test.session()).rejects.toThrow()

    await vi.waitFor(async () => expect(await readdir(folder)).toHaveLength(MAX_REJECTED))
    expect((await readdir(folder)).filter((name) => !name.startsWith('stranger'))).toHaveLength(1)
  })
})

describe('the demonstration settings', () => {
  it('let an anonymous client read without encryption, and every start warns of each', async () => {
    test = await startRoom({ settings: { allowUnencrypted: true, allowAnonymous: true } })
    const client = await test.client(none)
    await client.connect(test.endpointUrl)
    const session = await client.createSession(anonymous)

    expect((await readPressure(session)).statusCode).toBe(StatusCodes.BadWaitingForInitialData)
    expect(test.logged.filter(({ message }) => message.startsWith('DEMO SETTING'))).toHaveLength(3)
  })

  it('an unencrypted endpoint alone still wants a user and an encrypted password', async () => {
    test = await startRoom({ settings: { allowUnencrypted: true } })
    const client = await test.client(none)
    await client.connect(test.endpointUrl)

    await expect(client.createSession(anonymous)).rejects.toThrow(/BadIdentityToken|anonymous/i)
    const session = await client.createSession(asUser(observer.name, observer.password))
    expect((await readPressure(session)).statusCode).toBe(StatusCodes.BadWaitingForInitialData)
  })
})

describe('what users may do', () => {
  it.each(users.map(({ name, password, role }) => [role, name, password] as const))(
    'nobody can write a tag that is not said to be writable, not even role %s',
    async (_role, name, password) => {
      const session = await secured.session(asUser(name, password))

      const status = await session.write({
        nodeId: nodeId('boiler/double'),
        attributeId: AttributeIds.Value,
        value: { value: { dataType: DataType.Double, value: 1 } },
      })

      expect(status).toBe(StatusCodes.BadNotWritable)
    },
  )

  it('a subscription cannot be made to outlive its client for days', async () => {
    const session = await secured.session(asUser(engineer.name, engineer.password))

    const result = await session.call({
      objectId: 'i=2253',
      methodId: 'i=12749',
      inputArguments: [
        { dataType: DataType.UInt32, value: 1 },
        { dataType: DataType.UInt32, value: 1_000 },
      ],
    })

    expect(result.statusCode).toBe(StatusCodes.BadMethodInvalid)
  })
})

describe('the certificate of the server', () => {
  it('is made in its own folder, names Penstock, and holds every name that clients use', async () => {
    test = await startRoom({ settings: { alternateHostnames: ['gateway.plant.example', '10.1.2.3'] } })
    const file = join(test.pkiFolder, 'application/own/certs/certificate.pem')
    const certificate = new X509Certificate(await readFile(file))

    expect(certificate.subject).toContain('Penstock')
    expect(certificate.subject).not.toContain('Sterfive')
    expect(certificate.subjectAltName).toContain('URI:urn:penstock:gateway:')
    expect(certificate.subjectAltName).toContain('DNS:gateway.plant.example')
    expect(certificate.subjectAltName).toContain('IP Address:10.1.2.3')
    expect(certificate.subjectAltName).toContain('IP Address:127.0.0.1')
  })
})

function askForSession(client: OPCUAClient, endpointUrl: string): Promise<string> {
  const request = new CreateSessionRequest({ endpointUrl, sessionName: 'raw', requestedSessionTimeout: 10_000 })
  const internals = client as unknown as {
    performMessageTransaction(
      request: CreateSessionRequest,
      callback: (error: Error | null, response?: { responseHeader: { serviceResult: { name: string } } }) => void,
    ): void
  }
  return new Promise((resolve) => {
    internals.performMessageTransaction(request, (error, response) => {
      resolve(response?.responseHeader.serviceResult.name ?? /Bad\w+/.exec(String(error))?.[0] ?? String(error))
    })
  })
}
