import { type ChannelSecurityToken, TokenStack } from 'node-opcua'
import { type Clock, systemClock } from '../../core/clock.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'age tokens by the monotonic clock'

/**
 * node-opcua asks the wall clock whether a SecurityToken (OPC 10000-4 §5.6.2) has ended, so that every client lost its
 * connection when the clock was set ahead by more than an hour or so: with NTP after a start without it, say. Here its
 * `createdAt` is what makes it as old as it is.
 */
export function keepTokensWhenTheClockIsSet(): void {
  patchMethod(TokenStack.prototype, 'pushNewToken', FIX, (original) => {
    return function (this: TokenStack, token: ChannelSecurityToken, keys: unknown): unknown {
      // The system's, by which node-opcua goes.
      return original.call(this, aging(token, systemClock), keys)
    }
  })
}

function aging(token: ChannelSecurityToken, clock: Clock): ChannelSecurityToken {
  const issued = clock.monotonic()
  const get = () => new Date(clock.now() - (clock.monotonic() - issued))
  return Object.create(token, { createdAt: { get } }) as ChannelSecurityToken
}
