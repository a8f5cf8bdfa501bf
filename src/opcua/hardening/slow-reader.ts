import type { Socket } from 'node:net'
import type { OPCUAServerEndPoint } from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { listenerOf } from './listener.ts'

const LOOK_EVERY: Milliseconds = 1_000
/** Answers that may wait in memory for one client to read them. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

/** Ends connections whose client asks faster than it reads; the returned function ends the watch. */
export function endSlowReaders(
  endpoint: OPCUAServerEndPoint,
  clock: Clock,
  onEnded: (unreadBytes: number, remoteAddress: string) => void,
): () => void {
  const sockets = new Set<Socket>()
  listenerOf(endpoint, 'end slow readers').on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return clock.every(LOOK_EVERY, () => {
    for (const socket of sockets) {
      if (socket.writableLength <= MAX_UNREAD_BYTES) continue
      onEnded(socket.writableLength, socket.remoteAddress ?? 'unknown')
      socket.destroy()
    }
  })
}
