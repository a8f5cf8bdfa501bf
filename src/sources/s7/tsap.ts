import type { S7Connection as ConnectionKind, S7SourceConfig } from '../../core/plant.ts'

/** What ISO on TCP connects: two octets at each end (RFC 905 §13.3.4). */
export interface Tsaps {
  readonly local: number
  readonly remote: number
  /** What the operator configured, for messages. */
  readonly words: string
}

/** First octet of a remote TSAP that names rack and slot: the connection of a CPU that is used. */
const kinds: Readonly<Record<ConnectionKind, number>> = { pg: 1, op: 2, basic: 3 }
const OWN_TSAP = 0x0100

type Addressed = Pick<S7SourceConfig, 'rack' | 'slot' | 'connection' | 'localTsap' | 'remoteTsap'>

/** The TSAPs as configured; else our usual one, and of the CPU its kind of connection and rack · 32 + slot. */
export function tsapsOf({ rack, slot, connection = 'pg', localTsap, remoteTsap }: Addressed): Tsaps {
  const local = localTsap ?? OWN_TSAP
  if (remoteTsap === undefined) {
    return { local, remote: (kinds[connection] << 8) | (rack << 5) | slot, words: `rack ${rack}, slot ${slot}` }
  }
  return { local, remote: remoteTsap, words: `local TSAP ${tsapText(local)}, remote TSAP ${tsapText(remoteTsap)}` }
}

/** As Siemens writes it: `03.02`. */
const tsapText = (tsap: number): string =>
  [tsap >> 8, tsap & 0xff].map((octet) => octet.toString(16).toUpperCase().padStart(2, '0')).join('.')
