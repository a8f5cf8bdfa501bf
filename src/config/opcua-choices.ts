/** The security policies (OPC 10000-7 §6.6) that are neither broken nor deprecated. */
export const securityPolicies = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
export type SecurityPolicyName = (typeof securityPolicies)[number]

export const securityModes = ['Sign', 'SignAndEncrypt'] as const
export type SecurityModeName = (typeof securityModes)[number]

/** What clients may use at most, unless configured otherwise. */
export const defaultLimits = {
  connections: 200,
  sessions: 100,
  sessionsPerUser: 50,
  subscriptions: 1_000,
  subscriptionsPerUser: 500,
  subscriptionsPerSession: 10,
  monitoredItems: 200_000,
  monitoredItemsPerUser: 100_000,
  monitoredItemsPerSubscription: 50_000,
  /** Nodes or items of one request. */
  operationsPerRequest: 10_000,
} as const

export type OpcuaLimits = Readonly<Record<keyof typeof defaultLimits, number>>

/** How long a write waits for its device unless configured otherwise, milliseconds. */
export const defaultWriteTimeout = 2_000
