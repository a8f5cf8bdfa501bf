/** The security policies (OPC 10000-7 §6.6) that are neither broken nor deprecated. */
export const securityPolicies = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
export type SecurityPolicyName = (typeof securityPolicies)[number]

export const securityModes = ['Sign', 'SignAndEncrypt'] as const
export type SecurityModeName = (typeof securityModes)[number]

/** Well-known roles of OPC 10000-18 §4.3 that a user of the gateway can have. */
export const userRoles = ['Observer', 'Operator', 'Engineer'] as const
export type UserRole = (typeof userRoles)[number]

export interface OpcuaUser {
  readonly name: string
  /** In plain text, as the environment gave it: it never leaves the room. */
  readonly password: string
  readonly role: UserRole
}

export interface OpcuaLimits {
  readonly connections: number
  readonly sessions: number
  readonly subscriptions: number
  readonly subscriptionsPerSession: number
  readonly monitoredItems: number
  readonly monitoredItemsPerSubscription: number
  /** Nodes or items of one request. */
  readonly operationsPerRequest: number
}

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
  readonly limits: OpcuaLimits
}

export const defaultLimits: OpcuaLimits = {
  connections: 100,
  sessions: 50,
  subscriptions: 250,
  subscriptionsPerSession: 10,
  monitoredItems: 200_000,
  monitoredItemsPerSubscription: 50_000,
  operationsPerRequest: 10_000,
}

/** What holds unless configured otherwise; host names, folder and users have no default. */
export const defaultOpcuaSettings = {
  name: 'Penstock',
  port: 4840,
  alternateHostnames: [],
  resourcePath: '/penstock',
  securityPolicies,
  securityModes,
  allowUnencrypted: false,
  allowAnonymous: false,
  autoTrustClients: false,
  users: [],
  limits: defaultLimits,
} as const satisfies Partial<OpcuaSettings>
