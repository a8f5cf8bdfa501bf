import { join } from 'node:path'
import {
  AttributeIds,
  type ClientSession,
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  StatusCodes,
  type UserIdentityInfo,
  UserTokenType,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hashPassword } from '../../src/core/password.ts'
import type { Plant } from '../../src/core/plant.ts'
import { type UserRecord, userRoles } from '../../src/core/user.ts'
import { deletingTimes, historyUpdate } from '../support/history-edit-client.ts'
import { makeOpcuaIdentity, makeRevocationList, type OpcuaIdentity } from '../support/opcua-identities.ts'
import { smallPlant } from '../support/opcua-plant.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'

const PASSWORD = 'a password for tests'
const by = { user: 'root', origin: 'cli' } as const

const authority = makeOpcuaIdentity('Plant CA', { authority: true })
const badges = {
  /** Belongs to a user. */
  good: makeOpcuaIdentity('Nora', { issuer: authority }),
  /** Is trusted, belongs to nobody, and is called like somebody. */
  namesake: makeOpcuaIdentity('SecurityAdmin', { issuer: authority }),
  expired: makeOpcuaIdentity('Ed', { issuer: authority, days: -1 }),
  stranger: makeOpcuaIdentity('Stranger'),
  leaver: makeOpcuaIdentity('Leo', { issuer: authority }),
}

let room: RoomUnderTest
let passwordHash: string
let records: readonly UserRecord[]

const record = (name: string, more: Partial<UserRecord> = {}): UserRecord => ({
  name,
  roles: ['Operator'],
  passwordHash,
  certificates: [],
  disabled: false,
  createdAt: 0,
  changedAt: 0,
  ...more,
})

const asOwner = ({ der, key }: OpcuaIdentity): UserIdentityInfo => ({
  type: UserTokenType.Certificate,
  certificateData: der,
  privateKey: key,
})

/** The small plant, whose `boiler/double` can be written. */
function writable(): Plant {
  const text = JSON.stringify(smallPlant(), (_name, value: unknown) =>
    typeof value === 'object' && value !== null && 'key' in value && value.key === 'double'
      ? { ...value, access: 'readWrite', history: 'every' }
      : value,
  )
  return JSON.parse(text) as Plant
}

/** The users change, as main tells the room. */
function change(users: readonly UserRecord[]): void {
  records = users
  room.room.showUsers({ users, change: { action: 'user.test', subject: 'somebody', user: 'root' } })
}

beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD)
  records = [
    ...userRoles.map((role) => record(role, { roles: [role] })),
    record('nora', {
      roles: ['Engineer'],
      passwordHash: null,
      certificates: [badges.good.thumbprint, badges.expired.thumbprint],
    }),
    record('leo', { passwordHash: null, certificates: [badges.leaver.thumbprint] }),
  ]
  room = await startRoom({ plant: writable(), settings: { users: [] }, users: records })
  const added = { action: 'add', store: 'users', certificate: authority.pem } as const
  expect(await room.room.changeCertificates(added, by)).toHaveProperty('certificates')
  const list = { action: 'crl', store: 'users', list: makeRevocationList(authority) } as const
  expect(await room.room.changeCertificates(list, by)).toHaveProperty('certificates')
})
afterAll(() => room.end())

const policies = [
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Aes256_Sha256_RsaPss,
]
const modes = [MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt]

const sessionCount = () => room.room.health().sessions
const readTag = async (session: ClientSession) =>
  (await session.read({ nodeId: nodeId('boiler/pressure'), attributeId: AttributeIds.Value })).statusCode
const writeTag = (session: ClientSession) =>
  session.write({
    nodeId: nodeId('boiler/double'),
    attributeId: AttributeIds.Value,
    value: { value: { dataType: DataType.Double, value: 1 } },
  })

describe('over every policy and mode', () => {
  it.each(policies.flatMap((policy) => modes.map((mode) => [policy, mode] as const)))(
    '%s, mode %s: a user comes in by password or certificate, and nobody without',
    async (policy, mode) => {
      const client: OPCUAClient = await room.client({ policy, mode })
      await client.connect(room.endpointUrl)

      for (const identity of [asUser('Observer', PASSWORD), asOwner(badges.good)]) {
        const session = await client.createSession(identity)
        expect(await readTag(session)).toBe(StatusCodes.BadWaitingForInitialData)
        await session.close()
      }
      await expect(client.createSession({ type: UserTokenType.Anonymous })).rejects.toThrow(
        /BadIdentityToken|anonymous/i,
      )
    },
  )
})

describe('what each role may do', () => {
  const securityDiagnostics = { nodeId: 'i=3708', attributeId: AttributeIds.Value }

  it.each([
    // What whoever may write hears is the answer of the engine, whose device here takes no commands.
    ['Observer', 'BadUserAccessDenied', 'BadUserAccessDenied'],
    ['Operator', 'BadNotSupported', 'BadUserAccessDenied'],
    ['Engineer', 'BadNotSupported', 'BadUserAccessDenied'],
    ['ConfigureAdmin', 'BadUserAccessDenied', 'Good'],
    ['SecurityAdmin', 'BadUserAccessDenied', 'Good'],
  ])('%s reads; writing: %s; who is logged in: %s', async (role, write, security) => {
    const session = await room.session(asUser(role, PASSWORD))

    expect(await readTag(session)).toBe(StatusCodes.BadWaitingForInitialData)
    expect((await writeTag(session)).name).toBe(write)
    expect((await session.read(securityDiagnostics)).statusCode.name).toBe(security)
  })

  it('is what UserRolePermissions of a tag says', async () => {
    const flags = async (role: string) => {
      const session = await room.session(asUser(role, PASSWORD))
      const { value } = await session.read({
        nodeId: nodeId('boiler/double'),
        attributeId: AttributeIds.UserRolePermissions,
      })
      return value.value as unknown
    }

    expect(JSON.stringify(await flags('Operator'))).not.toBe(JSON.stringify(await flags('Observer')))
  })

  it.each([
    ['Observer', 'BadUserAccessDenied'],
    ['ConfigureAdmin', 'BadUserAccessDenied'],
    ['SecurityAdmin', 'Good'],
  ])('%s, who asks for the RolePermissions of a tag, hears %s', async (role, status) => {
    const session = await room.session(asUser(role, PASSWORD))
    const read = { nodeId: nodeId('boiler/double'), attributeId: AttributeIds.RolePermissions }

    expect((await session.read(read)).statusCode.name).toBe(status)
  })

  it('no administrator writes what nothing would follow: settings of roles, and what the server notes of sessions', async () => {
    const session = await room.session(asUser('SecurityAdmin', PASSWORD))
    const { references } = await session.browse(session.sessionId.toString())
    const found = references?.find(({ browseName }) => browseName.name === 'SessionSecurityDiagnostics')

    for (const nodeId of ['i=15416', found?.nodeId.toString() ?? '']) {
      const { value } = await session.read({ nodeId, attributeId: AttributeIds.Value })
      expect(value.value).not.toBeNull()
      if (nodeId !== 'i=15416') {
        expect(value.value).toMatchObject({
          clientUserIdOfSession: 'SecurityAdmin',
          clientUserIdHistory: ['SecurityAdmin'],
          authenticationMechanism: 'UserName',
          encoding: 'UA Binary',
        })
      }
      const written = await session.write({ nodeId, attributeId: AttributeIds.Value, value: { value } })
      expect(written.name).toBe('BadNotWritable')
    }
  })
})

describe('a certificate of a user', () => {
  it.each([
    ['that belongs to nobody, though it is called like somebody', badges.namesake, 'BadUserAccessDenied'],
    ['that nobody trusts', badges.stranger, 'BadIdentityTokenRejected'],
    ['that has expired', badges.expired, 'BadIdentityTokenRejected'],
    ['without its key', { ...badges.good, key: badges.stranger.key }, 'BadUserSignatureInvalid'],
  ])('%s is refused', async (_case, badge, status) => {
    await expect(room.session(asOwner(badge))).rejects.toThrow(new RegExp(status))
  })

  it('gives the rights of its user, not of whoever it is called like', async () => {
    const session = await room.session(asOwner(badges.good))

    expect((await writeTag(session)).name).toBe('BadNotSupported')
  })

  it('names its user in what is noted of a command and of a change of history, whatever it is called', async () => {
    const commands: string[] = []
    const edits: string[] = []
    const refuse = room.engine.onCommand
    room.engine.onCommand = (request) => {
      commands.push(request.by.user)
      return refuse(request)
    }
    room.engine.editHistory = ({ by: { user } }) => {
      edits.push(user)
      return Promise.resolve({ outcomes: [], deleted: 0 })
    }
    const session = await room.session(asOwner(badges.good))

    await writeTag(session)
    await historyUpdate(session, await deletingTimes(session, 'boiler/double', [1_000]))

    room.engine.onCommand = refuse
    expect({ commands, edits }).toEqual({ commands: ['nora'], edits: ['nora'] })
  })

  it('that its authority revokes ends the session that was begun with it, and begins no other', async () => {
    const other = await room.session(asOwner(badges.good))
    const sessions = sessionCount()
    await room.session(asOwner(badges.leaver))
    expect(sessionCount()).toBe(sessions + 1)

    await room.room.changeCertificates(
      { action: 'crl', store: 'users', list: makeRevocationList(authority, [badges.leaver]) },
      by,
    )

    expect(sessionCount()).toBe(sessions)
    await expect(room.session(asOwner(badges.leaver))).rejects.toThrow(/BadIdentityTokenRejected/)
    expect(await readTag(other)).toBe(StatusCodes.BadWaitingForInitialData)
  })
})

describe('OPC 10000-4 §5.7.3 the session of a user with a certificate', () => {
  const shown = ({ sessionId }: ClientSession) => room.room.sessions().filter(({ id }) => id === sessionId.toString())

  /** Another connection of the same client, with the same certificate. */
  async function anotherConnection(): Promise<OPCUAClient> {
    const client = await room.client()
    await client.connect(room.endpointUrl)
    return client
  }

  it('goes on over another connection of its client, with its subscriptions', async () => {
    const session = await room.session(asOwner(badges.good))
    const { values } = await watch(session, nodeId('boiler/level'))
    await vi.waitFor(() => expect(values).toHaveLength(1))

    const client = await anotherConnection()
    await client.reactivateSession(session)

    expect((await session.read({ nodeId: nodeId('boiler/level') })).statusCode).toBe(
      StatusCodes.BadWaitingForInitialData,
    )
    expect(shown(session)).toMatchObject([{ user: 'nora', login: 'certificate', subscriptions: [{ items: 1 }] }])
    await session.close()
  })

  it.each([
    ['of another certificate', () => asOwner(badges.leaver)],
    ['with a password', () => asUser('Operator', PASSWORD)],
  ] as const)('is not taken over by a user %s', async (_who, other) => {
    change(records)
    const session = await room.session(asOwner(badges.good))
    Object.assign(session, { userIdentityInfo: other() })

    const client = await anotherConnection()
    await expect(client.reactivateSession(session)).rejects.toThrow(/BadIdentityChangeNotSupported/)

    expect(shown(session)).toMatchObject([{ user: 'nora', login: 'certificate', active: true }])
    Object.assign(session, { userIdentityInfo: asOwner(badges.good) })
    await session.close()
  })

  it('is not taken over by another client', async () => {
    const session = await room.session(asOwner(badges.good))
    const certificates = new OPCUACertificateManager({
      rootFolder: join(room.pkiFolder, '../other-client'),
      automaticallyAcceptUnknownCertificate: true,
    })
    await certificates.initialize()
    const client = OPCUAClient.create({
      endpointMustExist: false,
      securityPolicy: SecurityPolicy.Basic256Sha256,
      securityMode: MessageSecurityMode.SignAndEncrypt,
      clientCertificateManager: certificates,
      connectionStrategy: { maxRetry: 0 },
    })
    await client.connect(room.endpointUrl)

    await expect(client.reactivateSession(session)).rejects.toThrow(/BadNoValidCertificates/)

    await client.disconnect()
    expect(shown(session)).toMatchObject([{ user: 'nora', login: 'certificate', active: true }])
    await session.close()
  })
})

describe('a change of users, without a restart', () => {
  it('lets a new user in, and ends the session of one who is disabled, but no other', async () => {
    change([...records, record('anna')])
    const other = await room.session(asUser('Operator', PASSWORD))
    const sessions = sessionCount()
    await room.session(asUser('anna', PASSWORD))

    change(records.map((each) => (each.name === 'anna' ? { ...each, disabled: true } : each)))

    expect(sessionCount()).toBe(sessions)
    await expect(room.session(asUser('anna', PASSWORD))).rejects.toThrow(/BadUserAccessDenied/)
    expect(await readTag(other)).toBe(StatusCodes.BadWaitingForInitialData)
  })

  it('ends the session of a user who got another password', async () => {
    change([...records, record('otto')])
    const sessions = sessionCount()
    await room.session(asUser('otto', PASSWORD))
    const otherHash = await hashPassword('quite another password')

    change(records.map((each) => (each.name === 'otto' ? { ...each, passwordHash: otherHash } : each)))

    expect(sessionCount()).toBe(sessions)
    await expect(room.session(asUser('otto', PASSWORD))).rejects.toThrow(/BadUserAccessDenied/)
    expect((await room.session(asUser('otto', 'quite another password'))).sessionId.isEmpty()).toBe(false)
  })

  it('takes rights from the running session of a user who lost a role', async () => {
    change([...records, record('ines')])
    const session = await room.session(asUser('ines', PASSWORD))
    expect((await writeTag(session)).name).toBe('BadNotSupported')

    change(records.map((each) => (each.name === 'ines' ? { ...each, roles: ['Observer'] } : each)))

    expect((await writeTag(session)).name).toBe('BadUserAccessDenied')
    expect(await readTag(session)).toBe(StatusCodes.BadWaitingForInitialData)
  })
})
