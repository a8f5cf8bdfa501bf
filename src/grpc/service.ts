import type { TokenAnswer, TokenUser } from '../core/api-token.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor, CommandAnswer, CommandQuery, CommandRecord, CommandRequest } from '../core/command.ts'
import type { HistorySource } from '../core/history-source.ts'
import type { Right, User } from '../core/user.ts'
import type { CurrentUser } from '../core/user-directory.ts'
import type { EngineFeed } from '../http/live/engine-feed.ts'
import type { CommandHistory } from '../link/contract.ts'

/** The users of the gateway, those of the HTTP API, with one lockout for both. */
export interface GrpcUsers {
  /** The user with this name and password; undefined where there is none, or it is locked. */
  login(name: string, password: string, address: string, door: 'grpc'): Promise<User | undefined>
  /** How long this user has to wait at this address, in milliseconds; 0: not at all. */
  lockedFor(name: string, address: string): number
  find(name: string): Promise<CurrentUser | undefined>
  readonly tokens: {
    recognise(given: string, address: string, door: 'grpc'): TokenAnswer
    /** Who a token stands for now; undefined: for nobody any more. */
    current(id: string): TokenUser | undefined
    /** A token was used for what it may not do. */
    overstepped(user: TokenUser, right: Right, address: string, door: 'grpc'): void
  }
}

/** What is asked of the engine; all reject with ROOM_UNAVAILABLE or TIMEOUT while it does not answer. */
export interface GrpcCommands {
  command(request: CommandRequest): Promise<CommandAnswer>
  cancelCommand(of: { readonly id: number; readonly by: Actor }): Promise<CommandAnswer>
  commands(query: CommandQuery): Promise<readonly CommandRecord[]>
  commandSteps(id: number): Promise<CommandHistory | null>
}

/** What the services answer from: the same as the HTTP API. */
export interface GrpcService {
  readonly clock: Clock
  readonly users: GrpcUsers
  readonly feed: EngineFeed
  readonly history: HistorySource
  readonly commands: GrpcCommands
  readonly health: () => Promise<{ readonly ready: boolean }>
}

/** How long a call waits for what the engine has, where nobody has looked for a while. */
export const LOOK_WITHIN: Milliseconds = 3_000
