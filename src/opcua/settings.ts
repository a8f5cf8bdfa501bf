import {
  defaultLimits,
  defaultWriteTimeout,
  type OpcuaLimits,
  type SecurityModeName,
  type SecurityPolicyName,
  securityModes,
  securityPolicies,
} from '../config/opcua-choices.ts'
import type { Milliseconds } from '../core/clock.ts'
import type { ConfiguredUser } from '../core/user.ts'

/** A user of the configuration. */
export type OpcuaUser = ConfiguredUser

/** How the OPC UA server of the gateway is reached and who may use it. Plain data: it crosses to the room's thread. */
export interface OpcuaSettings {
  /** What clients show as the name of the server. */
  readonly name: string
  /** Address to listen at; absent: every interface. */
  readonly host?: string | undefined
  /** 0: the operating system chooses. */
  readonly port: number
  /** Host name that endpoints advertise, as clients can resolve it. */
  readonly hostname: string
  /** More names and IP addresses under which clients reach the server; they also stand in its certificate. */
  readonly alternateHostnames: readonly string[]
  /** Port that endpoints advertise beside `port`, where another one is forwarded to it. */
  readonly advertisedPort?: number | undefined
  /** URL of a local discovery server to register at. */
  readonly discoveryServer?: string | undefined
  /** URLs at which clients listen that the server calls. */
  readonly reverseConnect: readonly string[]
  /** Path of the endpoint URL, beginning with `/`. */
  readonly resourcePath: string
  /** Folder of certificates, keys and the ApplicationUri, which belongs to this server alone. */
  readonly pkiFolder: string
  readonly securityPolicies: readonly SecurityPolicyName[]
  readonly securityModes: readonly SecurityModeName[]
  /** For demonstrations: also offers SecurityPolicy None. */
  readonly allowUnencrypted: boolean
  /** For demonstrations: sessions without a user may read. */
  readonly allowAnonymous: boolean
  /** For demonstrations: client certificates are trusted on first use. */
  readonly autoTrustClients: boolean
  readonly users: readonly OpcuaUser[]
  /** How long a write waits for what becomes of it before it is answered with GoodCompletesAsynchronously. */
  readonly writeTimeoutMs: Milliseconds
  readonly limits: OpcuaLimits
}

/** What holds unless configured otherwise; host names, folder and users have no default. */
export const defaultOpcuaSettings = {
  name: 'Penstock',
  port: 4840,
  alternateHostnames: [],
  reverseConnect: [],
  resourcePath: '/penstock',
  securityPolicies,
  securityModes,
  allowUnencrypted: false,
  allowAnonymous: false,
  autoTrustClients: false,
  users: [],
  writeTimeoutMs: defaultWriteTimeout,
  limits: defaultLimits,
} as const satisfies Partial<OpcuaSettings>
