import {
  type ChannelSecurityToken,
  type Message,
  type OPCUAServer,
  OpenSecureChannelResponse,
  ServerSecureChannelLayer,
  SymmetricAlgorithmSecurityHeader,
} from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'answer with the newest token'

/**
 * Which SecurityToken of a SecureChannel secures what the server sends (OPC 10000-4 §5.6.2): the former one until the
 * client has sent something with the new one, or until the former one ends.
 */
export class ChannelTokens {
  readonly #ends = new Map<number, Milliseconds>()
  #issued = 0
  #used = 0

  /** The channel was opened, or renewed, with this token. */
  issued(tokenId: number, ends: Milliseconds): void {
    this.#issued = tokenId
    this.#ends.set(tokenId, ends)
    // Older ones than the one before have long ended: a client renews long before that.
    if (this.#ends.size > 2) this.#ends.delete(Math.min(...this.#ends.keys()))
  }

  received(tokenId: number): void {
    this.#used = Math.max(this.#used, tokenId)
  }

  /** The token for the answer to a request that came with `requested`. */
  forAnswer(requested: number, now: Milliseconds): number {
    const token = Math.max(requested, this.#used)
    return now < (this.#ends.get(token) ?? 0) ? token : Math.max(token, this.#issued)
  }
}

const tokensOf = Symbol('tokens')

interface Channel extends ServerSecureChannelLayer {
  [tokensOf]?: ChannelTokens
}

/**
 * node-opcua secures every answer with the token of its request. A Publish request waits for its answer for minutes
 * where nothing changes, longer than its token lives: open62541 then closes the channel.
 */
export function answerWithNewestToken(server: OPCUAServer, clock: Clock): void {
  server.on('newChannel', (channel: Channel) => {
    const tokens = new ChannelTokens()
    channel[tokensOf] = tokens
    channel.prependListener('message', ({ securityHeader }: Message) => {
      if (securityHeader instanceof SymmetricAlgorithmSecurityHeader) tokens.received(securityHeader.tokenId)
    })
  })
  patchMethod(ServerSecureChannelLayer.prototype, 'send_response', FIX, (original) => {
    return function (this: Channel, kind: string, response: object, message: Message, ...rest: unknown[]): unknown {
      const tokens = this[tokensOf]
      if (tokens && response instanceof OpenSecureChannelResponse) tell(tokens, response.securityToken, clock)
      return original.call(this, kind, response, tokens ? secured(message, tokens, clock) : message, ...rest)
    }
  })
}

function tell(tokens: ChannelTokens, { tokenId, revisedLifetime }: ChannelSecurityToken, clock: Clock): void {
  tokens.issued(tokenId, clock.monotonic() + revisedLifetime)
}

function secured(message: Message, tokens: ChannelTokens, clock: Clock): Message {
  const { securityHeader } = message
  if (!(securityHeader instanceof SymmetricAlgorithmSecurityHeader)) return message
  const tokenId = tokens.forAnswer(securityHeader.tokenId, clock.monotonic())
  if (tokenId === securityHeader.tokenId) return message
  return { ...message, securityHeader: new SymmetricAlgorithmSecurityHeader({ tokenId }) }
}
