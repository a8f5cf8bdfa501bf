import type { Milliseconds } from './clock.ts'
import type { TlsConfig } from './plant.ts'

/** A PostgreSQL database that gets every sample of the history. */
export interface PostgresConfig {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Name of the environment variable that holds the password. */
  readonly passwordEnv: string
  /** Absent: the connection is not encrypted. */
  readonly tls?: TlsConfig | undefined
  /** Where the tables are. */
  readonly schema: string
  /** Samples of one transaction. */
  readonly batchSize: number
  /** Samples a second of what waited while the database was away. */
  readonly replayRate: number
  /** How long connecting, or one transaction, may take. */
  readonly timeoutMs: Milliseconds
  /** Bytes that may wait; beyond, the oldest go. */
  readonly maxSize: number
  /** Age at which what waits is given up; absent: none. */
  readonly keepMs?: Milliseconds | undefined
  /** Age at which samples are deleted there; absent: never. */
  readonly retentionMs?: Milliseconds | undefined
}

/**
 * - `starting`: nothing proved yet - `connected`: what is recorded is sent at once - `replaying`: likewise, and what
 * waited before follows - `backoff`: not reachable, or broken, tried again - `refused`: the database does not take it
 * (credentials, rights, space, tables); tried again slowly
 */
export const sinkStates = ['starting', 'connected', 'replaying', 'backoff', 'refused'] as const
export type SinkState = (typeof sinkStates)[number]

/** How the sending to a sink goes. */
export interface SinkHealth {
  readonly state: SinkState
  /** In words for the operator: what was seen and what to do; empty when all is well. */
  readonly reason: string
  /** When it entered this state. */
  readonly since: Milliseconds
  /** Samples that were recorded and not yet confirmed, the bytes that they take, and since when the oldest waits. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly oldestAt: Milliseconds | null
  /** Since start: samples confirmed, attempts that failed, samples given up since too many waited for too long. */
  readonly sent: number
  readonly failures: number
  readonly lost: number
  /** Samples that no database could take, since it has no such time. */
  readonly unfit: number
  readonly lastSentAt: Milliseconds | null
}

/** What the database is told of a tag beside its samples. */
export interface TagDescription {
  /** `device/tag` */
  readonly tag: string
  readonly source: string
  readonly device: string
  readonly name: string
  readonly unit: string | null
}
