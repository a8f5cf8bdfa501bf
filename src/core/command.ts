import type { Milliseconds } from './clock.ts'
import type { DataType, TagValue } from './data-type.ts'
import type { StateConfig } from './states.ts'
import type { StatusCode } from './status-code.ts'

/**
 * How far a command came. `uncertain`: it went out, and what became of it cannot be known; nothing sends it again by
 * itself. `lost`: the network server no longer has it and never said that it was sent.
 */
export const commandStates = [
  'queued',
  'sending',
  'sent',
  'transmitted',
  'confirmed',
  'refused',
  'failed',
  'expired',
  'cancelled',
  'lost',
  'uncertain',
] as const

export type CommandState = (typeof commandStates)[number]

/** Where a command may go from each state; a state that leads nowhere is final. */
export const nextStates: Readonly<Record<CommandState, readonly CommandState[]>> = {
  queued: ['sending', 'refused', 'expired', 'cancelled'],
  // Back to the queue only where it is certain that nothing went out.
  sending: ['queued', 'sent', 'transmitted', 'confirmed', 'refused', 'failed', 'expired', 'cancelled', 'uncertain'],
  sent: ['transmitted', 'confirmed', 'failed', 'expired', 'cancelled', 'lost', 'uncertain'],
  transmitted: ['confirmed', 'failed', 'uncertain'],
  confirmed: [],
  refused: [],
  failed: [],
  expired: [],
  cancelled: [],
  lost: [],
  uncertain: [],
}

export const isFinal = (state: CommandState): boolean => nextStates[state].length === 0

/**
 * Nothing more comes of it: its state is final; or it was transmitted to a device that does not say whether it heard
 * it, which the status Good then tells.
 */
export const isFinished = ({ state, status }: { readonly state: CommandState; readonly status?: unknown }): boolean =>
  isFinal(state) || (state === 'transmitted' && status !== undefined)

/** Who asked, and from where. */
export interface Actor {
  /** Name of the user; `system` for what nobody asked for. */
  readonly user: string
  readonly origin: 'opcua' | 'http' | 'grpc' | 'cli' | 'system'
  /** Network address of the client, where there is one. */
  readonly address?: string | undefined
  /** What the client calls itself. */
  readonly client?: string | undefined
}

/** What is to be done: a value for a tag, or one of the device's commands. */
export type Order =
  | { readonly kind: 'write'; readonly tag: string; readonly value: TagValue }
  | { readonly kind: 'command'; readonly command: string; readonly arguments: Readonly<Record<string, TagValue>> }

export interface CommandRequest {
  /** Its key. */
  readonly device: string
  readonly order: Order
  readonly by: Actor
  /** The same key of the same user again within a day is the same command: it is answered, and not done again. */
  readonly idempotencyKey?: string | undefined
  /** Milliseconds of the epoch after which it must not go out any more; absent: as the command or tag says. */
  readonly deadline?: number | undefined
  /** The higher, the sooner; 0 unless said. */
  readonly priority?: number | undefined
  /** The command wants a confirmation, and the user gave it. */
  readonly confirmed?: boolean | undefined
}

/** A command that was accepted; times are milliseconds of the epoch. */
export interface CommandRecord {
  /** Counts up, never used twice. */
  readonly id: number
  readonly device: string
  readonly order: Order
  readonly by: Actor
  readonly state: CommandState
  /** In words: why it is in this state, and what to do; empty where the state says all. */
  readonly reason: string
  /** Why a Bad end is one; Good for confirmed, and for transmitted where no more will be heard; absent while it goes on. */
  readonly status?: StatusCode | undefined
  readonly priority: number
  readonly acceptedAt: number
  readonly changedAt: number
  readonly deadline: number
  /** When the device should have answered, where that is known: the next uplink of a class A device. */
  readonly expectedAt?: number | undefined
}

/** A state that a command was in. */
export interface CommandStep {
  readonly at: number
  readonly state: CommandState
  readonly reason: string
  readonly status?: StatusCode | undefined
}

/** Which commands are asked for; the newest first. */
export interface CommandQuery {
  readonly device?: string | undefined
  readonly state?: CommandState | undefined
  readonly limit: number
}

/** How many commands may wait, how long, and how many go out at once. */
export interface CommandSettings {
  /** Of one device. */
  readonly queueLength: number
  /** Of all devices together. */
  readonly totalQueueLength: number
  /** Devices that are sent something at the same time. */
  readonly parallel: number
  /** Where neither the request nor the tag or command says it. */
  readonly expiresAfterMs: Milliseconds
  /** Age at which those that are finished are deleted. */
  readonly keepMs: Milliseconds
}

/** Why something is not done: for clients, and in words. */
export interface Refusal {
  readonly status: StatusCode
  readonly reason: string
}

/** Accepted after it was committed; or refused, and nothing of it is kept. */
export type CommandAnswer = { readonly accepted: CommandRecord } | { readonly refused: Refusal }

/** Whether clients may change a tag; a tag that does not say is read only. */
export const accesses = ['read', 'readWrite'] as const
export type Access = (typeof accesses)[number]

/** How a value is written to a field device. */
export interface WriteConfig {
  /** Which Modbus function: as the address and count want it, or always the one for several. */
  readonly functions?: 'auto' | 'multiple' | undefined
  /** How a bit of a register is written: by mask write (function 22), or by reading the register and writing it back. */
  readonly bits?: 'mask' | 'readModifyWrite' | undefined
  /** `readBack`: it is confirmed when the device reads the value; `echo`: when it answered the write. */
  readonly confirm?: 'readBack' | 'echo' | undefined
  /** How far, in the tag's unit, what is read back may be from what was written. */
  readonly tolerance?: number | undefined
  /** From the write to the reading. */
  readonly readBackAfterMs?: Milliseconds | undefined
  /** A newer value takes the place of one that waits, which is then cancelled. */
  readonly latestWins?: boolean | undefined
  /** How long it may wait to be sent. */
  readonly expiresAfterMs?: Milliseconds | undefined
  /** The least time from one write to the next; one that comes sooner waits. */
  readonly minIntervalMs?: Milliseconds | undefined
}

export interface ParameterConfig {
  readonly key: string
  readonly name: string
  readonly description?: string | undefined
  readonly type: DataType
  readonly unit?: string | undefined
  readonly range?: { readonly low: number; readonly high: number } | undefined
  readonly states?: readonly StateConfig[] | undefined
  /** Absent: it must be given. As a configuration can hold it; fitted to the type when it is used. */
  readonly default?: boolean | number | string | undefined
}

/** A condition on another tag of the plant, `device/tag`; it holds only while that tag's value is Good. */
export interface GuardConfig {
  readonly tag: string
  readonly equals?: boolean | number | string | undefined
  readonly above?: number | undefined
  readonly below?: number | undefined
}

/** A command of a device or template, as it is configured. */
export interface CommandConfig {
  readonly key: string
  readonly name: string
  readonly description?: string | undefined
  readonly parameters: readonly ParameterConfig[]
  /** Of a field device: the tags that are written, in this order; a value is a constant or `$parameter`. */
  readonly writes?: readonly { readonly tag: string; readonly value: boolean | number | string }[] | undefined
  /** Of a LoRaWAN device. */
  readonly downlink?: DownlinkConfig | undefined
  readonly expiresAfterMs?: Milliseconds | undefined
  readonly minIntervalMs?: Milliseconds | undefined
  readonly latestWins?: boolean | undefined
  /** All must hold when it is asked for, and again when it is sent. */
  readonly onlyWhen?: readonly GuardConfig[] | undefined
  /** Whoever asks for it must say that it is meant. */
  readonly needsConfirmation?: boolean | undefined
}

/** What goes to a LoRaWAN device: an object for its codec, or bytes. */
export interface DownlinkConfig {
  /** 1 to 223. */
  readonly fPort: number
  /** Whether the device must acknowledge it. */
  readonly confirmed: boolean
  /** What the codec's `encodeDownlink` is given; a text that is `$parameter` alone is that parameter's value. */
  readonly object?: unknown
  /** Bytes, as fields one after another. */
  readonly payload?: readonly PayloadField[] | undefined
}

/** Bits of a payload, the most significant first; a field begins where the one before it ended. */
export interface PayloadField {
  /** Constant bytes, two digits each; in place of all others. */
  readonly hex?: string | undefined
  /** A constant or `$parameter`. */
  readonly value?: boolean | number | string | undefined
  readonly encoding?: 'uint' | 'int' | 'float' | 'utf-8' | 'bytes' | undefined
  /** Width; a multiple of 8 for float, utf-8 and bytes. */
  readonly bits?: number | undefined
  readonly byteOrder?: 'big' | 'little' | undefined
  /** The number on the wire is (value − offset) ÷ scale. */
  readonly scale?: number | undefined
  readonly offset?: number | undefined
}
