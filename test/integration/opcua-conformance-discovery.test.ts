import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ApplicationDescription,
  type ClientSession,
  CreateSessionRequest,
  type EndpointDescription,
  FindServersRequest,
  GetEndpointsRequest,
  MessageSecurityMode,
  OPCUACertificateManager,
  type OPCUAClient,
  OPCUADiscoveryServer,
  SecurityPolicy,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { ask } from '../support/opcua-requests.ts'
import { asUser, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

const ELSEWHERE = 'gateway.nowhere.invalid'

let test: RoomUnderTest
let client: OPCUAClient
let port: number
let forwarded: number

beforeAll(async () => {
  forwarded = await freePort()
  test = await startRoom({
    settings: {
      allowUnencrypted: true,
      allowAnonymous: true,
      alternateHostnames: ['localhost', ELSEWHERE],
      advertisedPort: forwarded,
    },
  })
  port = Number(new URL(test.endpointUrl.replace('opc.tcp', 'http')).port)
  client = await test.client({ policy: SecurityPolicy.None, mode: MessageSecurityMode.None })
  await client.connect(test.endpointUrl)
})
afterAll(() => test.end())

const getEndpoints = async (endpointUrl: string | null, profileUris: string[] = []) => {
  const request = new GetEndpointsRequest({ endpointUrl, profileUris })
  const { endpoints } = await ask<{ endpoints: EndpointDescription[] | null }>(client, request)
  return endpoints ?? []
}
const urlsOf = (endpoints: readonly EndpointDescription[]) => [
  ...new Set(endpoints.map(({ endpointUrl }) => endpointUrl)),
]

/** One without security, and two modes of each of three policies. */
const EACH_HOST = 7

describe('OPC 10000-4 §5.5.4 GetEndpoints', () => {
  it.each<[string, (port: number) => string, (port: number) => string]>([
    [
      'the address it listens at',
      (own) => `opc.tcp://127.0.0.1:${own}/penstock`,
      (own) => `opc.tcp://127.0.0.1:${own}`,
    ],
    ['another path', (own) => `opc.tcp://localhost:${own}/UA/Server`, (own) => `opc.tcp://localhost:${own}`],
    ['capitals', (own) => `opc.tcp://LOCALHOST:${own}`, (own) => `opc.tcp://localhost:${own}`],
    ['a forwarded port', () => `opc.tcp://localhost:${forwarded}`, () => `opc.tcp://localhost:${forwarded}`],
    ['a further name', () => `opc.tcp://${ELSEWHERE}:${forwarded}`, () => `opc.tcp://${ELSEWHERE}:${forwarded}`],
    ['a name that nobody told us', () => 'opc.tcp://198.51.100.7:4840', () => `opc.tcp://127.0.0.1:${forwarded}`],
    ['no address', () => '', () => `opc.tcp://127.0.0.1:${forwarded}`],
  ])('answers a client that used %s with endpoints it can use, all at one address', async (_what, used, answered) => {
    const endpoints = await getEndpoints(used(port))

    expect(urlsOf(endpoints)).toEqual([`${answered(port)}/penstock`])
    expect(endpoints).toHaveLength(EACH_HOST)
  })

  it('answers the same endpoints as CreateSession (§5.7.2), which clients compare', async () => {
    for (const used of [
      `opc.tcp://localhost:${forwarded}`,
      `opc.tcp://127.0.0.1:${port}`,
      'opc.tcp://198.51.100.7:4840',
    ]) {
      const offered = await getEndpoints(used)
      const request = new CreateSessionRequest({
        endpointUrl: offered[0]?.endpointUrl ?? '',
        requestedSessionTimeout: 10_000,
      })
      const { serverEndpoints } = await ask<{ serverEndpoints: EndpointDescription[] }>(client, request)

      const shape = ({ endpointUrl, securityMode, securityPolicyUri, userIdentityTokens }: EndpointDescription) => [
        endpointUrl,
        securityMode,
        securityPolicyUri,
        userIdentityTokens?.map(({ policyId }) => policyId),
      ]
      expect(serverEndpoints.map(shape)).toEqual(offered.map(shape))
    }
  })

  it('answers only endpoints of the transports asked for', async () => {
    const binary = 'http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary'

    expect(await getEndpoints(test.endpointUrl, [binary])).toHaveLength(EACH_HOST)
    expect(
      await getEndpoints(test.endpointUrl, ['http://opcfoundation.org/UA-Profile/Transport/https-uabinary']),
    ).toEqual([])
  })

  it('lets a user log in at each address, though it has to be reached by another', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const other = await test.client()
      await other.connect(`opc.tcp://${host}:${port}`)
      const session: ClientSession = await other.createSession(asUser(users[0].name, users[0].password))

      expect(session.sessionId.isEmpty()).toBe(false)
    }
  })
})

describe('OPC 10000-4 §5.5.2 FindServers', () => {
  const findServers = async (serverUris: string[] = []) =>
    (
      await ask<{ servers: ApplicationDescription[] }>(
        client,
        new FindServersRequest({ endpointUrl: test.endpointUrl, serverUris }),
      )
    ).servers

  it('names the server itself, with the ApplicationUri of its endpoints and addresses that answer', async () => {
    const [server, ...others] = await findServers()
    const [endpoint] = await getEndpoints(test.endpointUrl)

    expect(others).toEqual([])
    expect(server?.applicationUri).toBe(endpoint?.server.applicationUri)
    expect(server?.productUri).toBe('urn:penstock')
    expect(server?.discoveryUrls).toContain(test.endpointUrl)
  })

  it('answers nothing to who looks for another server', async () => {
    expect(await findServers(['urn:another'])).toEqual([])
  })
})

describe('the start of the server', () => {
  it('warns once of each address that clients would get and cannot be reached', async () => {
    await vi.waitFor(() => expect(test.logged.filter(({ fields }) => 'unreachable' in fields)).toHaveLength(1), 20_000)
    const [warning] = test.logged.filter(({ fields }) => 'unreachable' in fields)

    expect(warning?.fields.unreachable).toEqual([
      expect.stringContaining(`${ELSEWHERE}:${port}/penstock: the name cannot be resolved`),
      expect.stringContaining(`127.0.0.1:${forwarded}/penstock: the connection is refused`),
      expect.stringContaining(`localhost:${forwarded}/penstock: the connection is refused`),
      expect.stringContaining(`${ELSEWHERE}:${forwarded}/penstock: the name cannot be resolved`),
    ])
  })

  it('registers at a local discovery server (OPC 10000-4 §5.5.6), and leaves it at the end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-lds-'))
    const certificates = new OPCUACertificateManager({
      rootFolder: folder,
      automaticallyAcceptUnknownCertificate: true,
    })
    const discovery = new OPCUADiscoveryServer({ port: await freePort(), serverCertificateManager: certificates })
    await discovery.start()
    const url = discovery.endpoints[0]?.endpointDescriptions()[0]?.endpointUrl ?? ''
    const registered = await startRoom({ settings: { discoveryServer: url } })

    await vi.waitFor(() => expect(discovery.registeredServerCount).toBe(1), 20_000)
    await registered.end()

    await vi.waitFor(() => expect(discovery.registeredServerCount).toBe(0), 20_000)
    await discovery.shutdown()
    await rm(folder, { recursive: true, force: true })
  })
})
