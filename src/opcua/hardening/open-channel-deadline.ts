import type { OPCUAServer, ServerSecureChannelLayer } from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'

/**
 * Ends a connection that said Hello but opened no SecureChannel in time. node-opcua has one setting for this and for
 * the silence it tolerates on an open channel, which may be long.
 */
export function limitOpenChannelTime(server: OPCUAServer, clock: Clock, timeoutMs: Milliseconds): void {
  const deadlines = new Map<ServerSecureChannelLayer, () => void>()
  const settle = (channel: ServerSecureChannelLayer) => {
    deadlines.get(channel)?.()
    deadlines.delete(channel)
  }
  server.on('newChannel', (channel) => {
    const expire = () => {
      deadlines.delete(channel)
      channel.abruptlyInterrupt()
    }
    deadlines.set(channel, clock.after(timeoutMs, expire))
  })
  server.on('channelSecured', settle)
  server.on('closeChannel', settle)
}
