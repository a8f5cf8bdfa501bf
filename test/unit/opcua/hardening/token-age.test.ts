import { ChannelSecurityToken, TokenStack } from 'node-opcua'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keepTokensWhenTheClockIsSet } from '../../../../src/opcua/hardening/token-age.ts'

const HOUR = 3_600_000
const keys = {} as Parameters<TokenStack['pushNewToken']>[1]
let stack: TokenStack

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  keepTokensWhenTheClockIsSet()
  stack = new TokenStack(1)
  const token = new ChannelSecurityToken({ channelId: 1, tokenId: 7, createdAt: new Date(), revisedLifetime: HOUR })
  stack.pushNewToken(token, keys)
})
afterEach(() => {
  vi.useRealTimers()
})

it.each([2 * HOUR, -2 * HOUR, 87_660 * HOUR])('a clock that is set by %i ms ends no token of a channel', (jump) => {
  vi.setSystemTime(Date.now() + jump)
  expect(stack.getTokenDerivedKeys(7)).toBe(keys)
  stack.removeOldTokens()
  expect(stack.getToken(7)).not.toBeNull()
})

it.each([0, -2 * HOUR])('a token ends with its life, also where the clock is set by %i ms', (jump) => {
  vi.setSystemTime(Date.now() + jump)
  vi.advanceTimersByTime(1.2 * HOUR)
  expect(stack.getTokenDerivedKeys(7)).toBe(keys)
  vi.advanceTimersByTime(0.1 * HOUR)
  expect(stack.getTokenDerivedKeys(7)).toBeNull()
})
