import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  type ClientSession,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  type UserIdentityInfo,
  UserTokenType,
} from 'node-opcua'
import { systemClock } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { routeNodeOpcuaLog } from '../../opcua/node-opcua-log.ts'
import { ClientFailure, ExitCode } from './failure.ts'
import { trustOnFirstUse } from './known-servers.ts'
import type { ClientOptions, Output } from './options.ts'
import { Requests } from './requests.ts'

const CONNECT_TIMEOUT_MS = 10_000
const CERTIFICATE_DAYS = 3_650

export interface OpenSession {
  readonly session: ClientSession
  readonly requests: Requests
  /** Resolves when the connection is gone without our doing. */
  readonly lost: Promise<void>
}

/**
 * Runs `action` with a session at the server and closes it in any case. Throws ClientFailure: unreachable when there is
 * no server or it goes away, refused when it does not accept user or certificate, or its own has changed.
 */
export async function withSession<Result>(
  options: ClientOptions,
  out: Output,
  action: (open: OpenSession) => Promise<Result>,
): Promise<Result> {
  routeNodeOpcuaLog(silentLogger)
  const client = await makeClient(options)
  const lost = new Promise<void>((resolve) => {
    client.once('connection_lost', () => resolve())
  })
  try {
    await connect(client, options)
    if (options.mode !== 'None') await trustServer(client, options, out)
    const session = await createSession(client, options)
    try {
      return await action({ session, requests: await Requests.of(session), lost })
    } finally {
      await session.close().catch((error: unknown) => out.notice(`The session was not closed: ${describeError(error)}`))
    }
  } finally {
    await client.disconnect()
  }
}

async function makeClient(options: ClientOptions): Promise<OPCUAClient> {
  await mkdir(options.pkiFolder, { recursive: true })
  // Which server is trusted is decided in known-servers.ts; this store only holds our key and certificate.
  const certificates = new OPCUACertificateManager({
    rootFolder: options.pkiFolder,
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  })
  await certificates.initialize()
  const applicationUri = `urn:${hostname()}:penstock:client`
  const certificateFile = join(certificates.rootDir, 'own/certs/certificate.pem')
  if (!existsSync(certificateFile)) {
    await certificates.createSelfSignedCertificate({
      applicationUri,
      dns: [hostname()],
      subject: `/CN=Penstock client@${hostname()}/O=Penstock`,
      startDate: new Date(systemClock.now()),
      validity: CERTIFICATE_DAYS,
      outputFile: certificateFile,
    })
  }
  return OPCUAClient.create({
    applicationName: 'Penstock client',
    applicationUri,
    clientCertificateManager: certificates,
    certificateFile,
    privateKeyFile: certificates.privateKey,
    securityMode: MessageSecurityMode[options.mode],
    securityPolicy: SecurityPolicy[options.policy],
    endpointMustExist: false,
    transportTimeout: CONNECT_TIMEOUT_MS,
    connectionStrategy: { maxRetry: 0 },
  })
}

/** SHA-1 of the client's own certificate, by which servers and their tools name it. */
const thumbprintOf = (client: OPCUAClient): string => createHash('sha1').update(client.getCertificate()).digest('hex')

async function connect(client: OPCUAClient, { endpoint, mode, policy }: ClientOptions): Promise<void> {
  try {
    await client.connect(endpoint)
  } catch (error) {
    const reason = describeError(error)
    if (/endpoint must exist|cannot find.*endpoint/i.test(reason)) {
      const message = `The server at ${endpoint} does not offer --mode ${mode} with --policy ${policy}`
      throw new ClientFailure(ExitCode.refused, message, { cause: error })
    }
    if (/BadCertificate|BadSecurityChecksFailed/.test(reason)) {
      throw new ClientFailure(
        ExitCode.refused,
        `The server at ${endpoint} does not trust the certificate of this client. Where Penstock runs: ` +
          `penstock certificates trust ${thumbprintOf(client)}`,
        { cause: error },
      )
    }
    throw new ClientFailure(
      ExitCode.unreachable,
      `Cannot connect to ${endpoint}: is the gateway running, and is this its address?`,
      { cause: error },
    )
  }
}

async function trustServer(client: OPCUAClient, { pkiFolder, endpoint }: ClientOptions, out: Output): Promise<void> {
  const [certificate] = [client.serverCertificate ?? []].flat()
  if (!certificate) throw new ClientFailure(ExitCode.refused, `The server at ${endpoint} shows no certificate`)
  await trustOnFirstUse(pkiFolder, endpoint, certificate, out)
}

async function createSession(client: OPCUAClient, options: ClientOptions): Promise<ClientSession> {
  const { user, password } = options
  const identity: UserIdentityInfo =
    user === undefined
      ? { type: UserTokenType.Anonymous }
      : { type: UserTokenType.UserName, userName: user, password: password ?? '' }
  try {
    return await client.createSession(identity)
  } catch (error) {
    const reason = describeError(error)
    if (/BadUserAccessDenied/.test(reason)) {
      throw new ClientFailure(ExitCode.refused, `The server refuses the user ${user}: unknown, or a wrong password`)
    }
    if (/identity|anonymous/i.test(reason)) {
      throw new ClientFailure(
        ExitCode.refused,
        user === undefined
          ? 'The server wants a user: give --user and --password, or set PENSTOCK_USER and PENSTOCK_PASSWORD'
          : `The server does not accept users with a password here (${reason})`,
      )
    }
    if (/endpoint must exist|End point must exist/i.test(reason)) {
      throw new ClientFailure(
        ExitCode.refused,
        `The server at ${options.endpoint} does not offer --mode ${options.mode} with --policy ${options.policy}`,
      )
    }
    throw new ClientFailure(ExitCode.unreachable, `The server gave no session: ${reason}`, { cause: error })
  }
}
