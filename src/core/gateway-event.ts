import type { Milliseconds } from './clock.ts'
import type { CommandState } from './command.ts'

/**
 * What an event is about: `gateway`: it was started; `alarm`: something is wrong with the gateway itself; `source` and
 * `device`: it does not answer; `devices`: many of a source at once; `command`: one came to its end.
 */
export const eventKinds = ['gateway', 'alarm', 'source', 'device', 'devices', 'command'] as const
export type EventKind = (typeof eventKinds)[number]

/** Something that is so now, and is an event for as long as it is. */
export interface Condition {
  readonly kind: Exclude<EventKind, 'command'>
  /** Name of the alarm, or key of what it is about: `line`, `line/pump`. */
  readonly subject: string
  /** 1 to 1000 as in OPC UA (OPC 10000-5 §6.4.2); urgent from 667 on. */
  readonly severity: number
  /** What was seen and what to do. */
  readonly text: string
  readonly since: Milliseconds
}

/** Something that happened, or lasts. */
export interface GatewayEvent extends Omit<Condition, 'kind'> {
  /** Text that no other event has. */
  readonly id: string
  readonly kind: EventKind
  /** null while it lasts; as `since` where it was over at once. */
  readonly until: Milliseconds | null
  /** Of commands. */
  readonly state?: CommandState
}

/** Which events are asked for; all that is given has to fit. */
export interface EventQuery {
  readonly limit: number
  /** `next` of the page before. */
  readonly before?: string | undefined
  readonly lasting?: boolean | undefined
  readonly kinds?: readonly EventKind[] | undefined
  readonly minSeverity?: number | undefined
  /** What subject or text has in it. */
  readonly search?: string | undefined
}

/** The newest first; `next` asks for those before, absent: there are none. */
export interface EventPage {
  readonly events: readonly GatewayEvent[]
  readonly next?: string
}
