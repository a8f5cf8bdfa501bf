import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js'
import type { Logger } from '../core/logger.ts'
import type { Right } from '../core/user.ts'
import type { Authority, Caller } from './authority.ts'
import { statusOf } from './call-error.ts'

interface GateParts {
  readonly authority: Authority
  /** By the path of each method who may call it; `anyone`: without a user too. */
  readonly rights: ReadonlyMap<string, Right | 'anyone'>
  readonly callers: WeakMap<Metadata, Caller>
  /** Somebody has logged in on the connection of this peer. */
  readonly proven: (peer: string) => void
  readonly log: Logger
}

/**
 * Lets a call in before anything of its message is read: who may not call costs a look at the headers. A method of which
 * nobody said who may call it is for nobody.
 */
export function gate({ authority, rights, callers, proven, log }: GateParts): ServerInterceptor {
  const admit = async (path: string, metadata: Metadata, call: ServerInterceptingCallInterface) => {
    const right = rights.get(path)
    if (right === 'anyone') return
    if (right === undefined) throw new Error(`Nobody said who may call ${path}`)
    const peer = call.getPeer()
    const authorization = metadata.get('authorization')[0]
    callers.set(metadata, await authority.require(right, authorization?.toString(), addressOf(peer)))
    proven(peer)
  }
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, pass) => {
          admit(path, metadata, call).then(
            () => pass(metadata),
            (error: unknown) => call.sendStatus(statusOf(error, log)),
          )
        })
        next(listener.build())
      },
    })
}

/** `127.0.0.1:50000` and `::1:50000`, as grpc-js writes them, without the port. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '')
