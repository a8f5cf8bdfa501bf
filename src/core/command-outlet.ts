import type { Clock, Milliseconds } from './clock.ts'
import type { CommandRecord, CommandState } from './command.ts'
import type { StatusCode } from './status-code.ts'

/** The way of commands to the devices of a source. The dispatcher gives it one command a device at a time. */
export interface CommandOutlet {
  /**
   * What is wrong with it for this protocol, though its types and ranges are right: a tag that cannot be written, a
   * payload that is too long; undefined: nothing. Pure, and asked before the command is accepted.
   */
  check(command: OutgoingCommand): { readonly status: StatusCode; readonly reason: string } | undefined
  /**
   * Sends it once and resolves with how far it came: never rejects for what the device or network does. It must not go
   * out after its deadline, nor after `signal`.
   */
  send(command: OutgoingCommand, signal: AbortSignal): Promise<Delivery>
  /** Takes a command back that was sent but not transmitted, where the network still has it; true: it will not go out. */
  recall?(command: SentCommand): Promise<boolean>
  /**
   * Says what becomes of commands that were sent, also by an earlier run, through the `CommandReport`; asked once
   * after `start`, and for each command when `send` resolved with a state that is not final.
   */
  follow?(commands: readonly SentCommand[]): void
}

/** A command on its way; arguments are complete and fit the types of their parameters. */
export interface OutgoingCommand extends Pick<CommandRecord, 'id' | 'device' | 'order' | 'deadline'> {
  /** The deadline as a moment of the monotonic clock, which is not set; absent: as the time of day says. */
  readonly dueAt?: Milliseconds | undefined
}

/** How long the command may still wait to go out; negative when its time is over. */
export const timeLeftOf = ({ dueAt, deadline }: OutgoingCommand, clock: Clock): Milliseconds =>
  dueAt === undefined ? deadline - clock.now() : dueAt - clock.monotonic()

export interface SentCommand extends OutgoingCommand {
  readonly state: CommandState
  /** What the outlet gave along when it was sent, to know it again. */
  readonly handle: string | undefined
}

/** How far a command came. */
export interface Delivery {
  /** `queued`: it is certain that nothing went out, and it may be tried again. */
  readonly state: Exclude<CommandState, 'sending'>
  /** For operators: what happened and what to do; empty for a plain success. */
  readonly reason: string
  /** Why a Bad end is one. */
  readonly status?: StatusCode
  /** Under which the network knows it. */
  readonly handle?: string
  readonly expectedAt?: number
}

/** Where a source says what became of commands that it sent before. */
export interface CommandReport {
  /** A state that cannot follow the one that the command has is left aside. */
  news(id: number, news: Delivery): void
}
