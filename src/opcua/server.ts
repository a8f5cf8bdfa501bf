import { isIPv6 } from 'node:net'
import {
  type AddressSpace,
  DataType,
  MessageSecurityMode,
  type OPCUAServer,
  type OPCUAServerEndPoint,
  type OPCUAServerOptions,
  QualifiedName,
  RegisterServerMethod,
  resolveNodeId,
  SecurityPolicy,
  type UAVariable,
  VariableIds,
  Variant,
} from 'node-opcua'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import type { UserRecord } from '../core/user.ts'
import { builtAt, version } from '../version.ts'
import { nodesetFiles } from './address-space/namespaces.ts'
import { keepDiagnosticsReadOnly, showEmptyLists, showOnlyWhatIsServed } from './address-space/standard-nodes.ts'
import { type CertificateStores, openCertificateStores } from './certificates.ts'
import { GatewayServer } from './gateway-server.ts'
import { answerWithNewestToken } from './hardening/channel-tokens.ts'
import { type AdmitCalled, guardFirstFrame } from './hardening/first-frame.ts'
import { MAX_ITEM_QUEUE } from './hardening/item-queue-cap.ts'
import { limitOpenChannelTime } from './hardening/open-channel-deadline.ts'
import { HardeningError } from './hardening/patch-method.ts'
import { tellWhoIsLoggedIn } from './hardening/security-diagnostics.ts'
import { endSlowReaders } from './hardening/slow-reader.ts'
import { keepTokensWhenTheClockIsSet } from './hardening/token-age.ts'
import { adjustTransportLimits, MAX_MESSAGE } from './hardening/transport-limits.ts'
import { CONTINUATION_POINTS_PER_SESSION } from './history/continuation-points.ts'
import { MOST_NODES } from './history/limits.ts'
import { conformanceUnits, serverProfiles } from './profiles.ts'
import { ReverseConnections } from './reverse/reverse-connections.ts'
import { correctCallResults } from './services/call-results.ts'
import { publishByTurns } from './services/publish-by-turns.ts'
import { sliceWork } from './services/slice-work.ts'
import { requireOrphanage } from './services/subscription-quota.ts'
import { SessionGuard } from './session-guard.ts'
import type { OpcuaSettings } from './settings.ts'
import { tracePublishing } from './traces/publish-traces.ts'
import { Users } from './users.ts'

const HELLO_TIMEOUT: Milliseconds = 10_000
const OPEN_CHANNEL_TIMEOUT: Milliseconds = 10_000
/** Silence after which a connection is given up; longer than a channel's lifetime, within which clients must speak. */
const IDLE_TIMEOUT: Milliseconds = 20 * 60_000
/** The fastest sampling interval, and the shortest window in which changes of an item are folded. */
const FASTEST_SAMPLING: Milliseconds = 50
const BROWSE_CONTINUATION_POINTS_PER_SESSION = 10

export interface PreparedServer {
  readonly server: OPCUAServer
  readonly addressSpace: AddressSpace
  readonly endpoint: OPCUAServerEndPoint
  readonly users: Users
  readonly guard: SessionGuard
  readonly stores: CertificateStores
  /** Clients that the server calls once it has been started. */
  readonly reverse: ReverseConnections
  /** Ends what watches the server's sockets. */
  readonly release: () => void
}

/**
 * An OPC UA server with its standard address space, guarded, and not listening yet. Secure unless the settings say
 * otherwise: signed and, for SignAndEncrypt, encrypted channels, users with passwords, trusted client certificates.
 */
export async function prepareServer(
  settings: OpcuaSettings,
  storedUsers: readonly UserRecord[],
  clock: Clock,
  log: Logger,
  tracing?: Tracing,
): Promise<PreparedServer> {
  const { limits } = settings
  const stores = await openCertificateStores(settings, clock, log)
  const users = new Users(settings.users, clock, log)
  users.directory.show(storedUsers)
  const options: OPCUAServerOptions = {
    ...(settings.host === undefined ? {} : { host: settings.host }),
    port: settings.port,
    hostname: settings.hostname,
    alternateHostname: [...settings.alternateHostnames],
    advertisedEndpoints: forwardedUrls(settings),
    resourcePath: settings.resourcePath,
    nodesets: [...nodesetFiles],
    serverCertificateManager: stores.application,
    userCertificateManager: stores.users,
    serverInfo: {
      applicationUri: stores.applicationUri,
      applicationName: { text: settings.name, locale: 'en' },
      productUri: 'urn:penstock',
    },
    buildInfo: {
      productName: 'Penstock',
      productUri: 'urn:penstock',
      manufacturerName: 'Penstock',
      softwareVersion: version,
      buildNumber: version,
      buildDate: builtAt,
    },
    securityPolicies: policiesOf(settings),
    securityModes: modesOf(settings),
    allowAnonymous: settings.allowAnonymous,
    isAuditing: true,
    userManager: users,
    unresolvedPermissionPolicy: 'deny',
    timeout: IDLE_TIMEOUT,
    maxConnectionsPerEndpoint: limits.connections,
    transportSettings: { adjustTransportLimits },
    ...registration(settings),
    serverCapabilities: {
      maxSubscriptions: limits.subscriptions,
      maxSubscriptionsPerSession: limits.subscriptionsPerSession,
      maxMonitoredItems: limits.monitoredItems,
      maxMonitoredItemsPerSubscription: limits.monitoredItemsPerSubscription,
      maxMonitoredItemsQueueSize: MAX_ITEM_QUEUE,
      maxBrowseContinuationPoints: BROWSE_CONTINUATION_POINTS_PER_SESSION,
      maxHistoryContinuationPoints: CONTINUATION_POINTS_PER_SESSION,
      minSupportedSampleRate: FASTEST_SAMPLING,
      localeIdArray: ['en'],
      maxStringLength: MAX_MESSAGE,
      maxByteStringLength: MAX_MESSAGE,
      operationLimits: {
        maxNodesPerRead: limits.operationsPerRequest,
        maxNodesPerWrite: limits.operationsPerRequest,
        maxNodesPerBrowse: limits.operationsPerRequest,
        maxMonitoredItemsPerCall: limits.operationsPerRequest,
        maxNodesPerRegisterNodes: limits.operationsPerRequest,
        maxNodesPerTranslateBrowsePathsToNodeIds: limits.operationsPerRequest,
        maxNodesPerMethodCall: 100,
        maxNodesPerHistoryReadData: MOST_NODES,
        maxNodesPerHistoryReadEvents: 0,
        maxNodesPerHistoryUpdateData: MOST_NODES,
      },
      serverProfileArray: serverProfiles(settings),
      conformanceUnits: conformanceUnits.map((name) => new QualifiedName({ name })),
    },
  }
  const server = new GatewayServer(options, { limits, advertisedPort: settings.advertisedPort, clock, log, tracing })
  await server.initialize()
  const { addressSpace } = server.engine
  const [endpoint] = server.endpoints
  if (!addressSpace || !endpoint)
    throw new PenstockError('STOPPED', 'The OPC UA server was ended while it was prepared')
  publishFastestSampling(addressSpace)
  showOnlyWhatIsServed(addressSpace)
  showEmptyLists(addressSpace)
  keepDiagnosticsReadOnly(server)
  tellWhoIsLoggedIn(addressSpace)
  correctCallResults(server)
  sliceWork(server)
  publishByTurns(clock)
  if (tracing) tracePublishing(tracing)
  requireOrphanage(server)
  const guard = new SessionGuard(server, users, log)
  const { admit, release } = guardConnections(server, endpoint, clock, log)
  const reverse = new ReverseConnections({
    server,
    urls: settings.reverseConnect,
    serverUri: stores.applicationUri,
    endpointUrl: () => server.getDiscoveryUrls()[0] ?? '',
    admit,
    clock,
    log,
  })
  return {
    server,
    addressSpace,
    endpoint,
    users,
    guard,
    stores,
    reverse,
    release,
  }
}

/** Where another port is forwarded to ours, the same hosts with it. */
const forwardedUrls = ({ hostname, alternateHostnames, advertisedPort, port }: OpcuaSettings): string[] =>
  advertisedPort === undefined || advertisedPort === port
    ? []
    : [hostname, ...alternateHostnames].map(
        (host) => `opc.tcp://${isIPv6(host) ? `[${host}]` : host}:${advertisedPort}`,
      )

const registration = ({ discoveryServer }: OpcuaSettings): Partial<OPCUAServerOptions> =>
  discoveryServer === undefined
    ? { registerServerMethod: RegisterServerMethod.HIDDEN }
    : { registerServerMethod: RegisterServerMethod.LDS, discoveryServerEndpointUrl: discoveryServer }

const policiesOf = ({ securityPolicies, allowUnencrypted }: OpcuaSettings): SecurityPolicy[] => {
  const secure = securityPolicies.map((name) => SecurityPolicy[name])
  return allowUnencrypted ? [SecurityPolicy.None, ...secure] : secure
}

const modesOf = ({ securityModes, allowUnencrypted }: OpcuaSettings): MessageSecurityMode[] => {
  const secure = securityModes.map((name) => MessageSecurityMode[name])
  return allowUnencrypted ? [MessageSecurityMode.None, ...secure] : secure
}

/** node-opcua publishes 100 ms at least, and revises to what it was told. */
function publishFastestSampling(addressSpace: AddressSpace): void {
  const variable = addressSpace.findNode(
    resolveNodeId(VariableIds.Server_ServerCapabilities_MinSupportedSampleRate),
  ) as UAVariable | null
  if (!variable) throw new HardeningError('publish the fastest sampling', 'MinSupportedSampleRate')
  const value = new Variant({ dataType: DataType.Double, value: FASTEST_SAMPLING })
  variable.bindVariable({ get: () => value }, true)
}

function guardConnections(
  server: OPCUAServer,
  endpoint: OPCUAServerEndPoint,
  clock: Clock,
  log: Logger,
): { admit: AdmitCalled; release: () => void } {
  let refused = 0
  const admit = guardFirstFrame(endpoint, {
    clock,
    timeoutMs: HELLO_TIMEOUT,
    onRefused: (reason, address) => {
      refused++
      // Counted rather than logged one by one (OPC 10000-2 §6.3): whoever does this does it often.
      if (refused === 1 || refused % 1_000 === 0) {
        log.warn({ address, reason, refused }, 'A connection to the OPC UA port was refused')
      }
    },
  })
  limitOpenChannelTime(server, clock, OPEN_CHANNEL_TIMEOUT)
  answerWithNewestToken(server, clock)
  keepTokensWhenTheClockIsSet()
  const release = endSlowReaders(endpoint, clock, (unreadBytes, address) => {
    log.warn({ address, unreadBytes }, 'A client that does not read its answers was disconnected')
  })
  return { admit, release }
}
