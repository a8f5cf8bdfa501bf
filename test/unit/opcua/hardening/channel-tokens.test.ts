import { describe, expect, it } from 'vitest'
import { ChannelTokens } from '../../../../src/opcua/hardening/channel-tokens.ts'

/** A channel that was opened with token 1 at 0 and renewed with token 2 at 7.5 s; each lives for 10 s. */
function renewed(): ChannelTokens {
  const tokens = new ChannelTokens()
  tokens.issued(1, 10_000)
  tokens.received(1)
  tokens.issued(2, 17_500)
  return tokens
}

describe('the answer to a request from before the renewal of a channel', () => {
  it('is secured with the former token while the client has not used the new one', () => {
    expect(renewed().forAnswer(1, 9_999)).toBe(1)
  })

  it('is secured with the new token once the client has used it', () => {
    const tokens = renewed()
    tokens.received(2)
    tokens.received(1)

    expect(tokens.forAnswer(1, 8_000)).toBe(2)
  })

  it('is secured with the new token when the former one has ended, even if the client has been silent since', () => {
    expect(renewed().forAnswer(1, 10_000)).toBe(2)
  })

  it('is secured with the newest of many', () => {
    const tokens = new ChannelTokens()
    for (let id = 1; id <= 50; id++) tokens.issued(id, id * 10_000)

    expect(tokens.forAnswer(1, 495_000)).toBe(50)
  })
})

describe('the answer to a request with the new token', () => {
  it('is secured with it', () => {
    const tokens = renewed()
    tokens.received(2)

    expect(tokens.forAnswer(2, 9_000)).toBe(2)
    expect(tokens.forAnswer(2, 60_000)).toBe(2)
  })
})
