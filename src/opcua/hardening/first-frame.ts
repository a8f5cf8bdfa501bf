import type { Server, Socket } from 'node:net'
import type { OPCUAServerEndPoint, ServerSecureChannelLayer } from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { checkHello } from './hello.ts'
import { listenerOf } from './listener.ts'
import { HardeningError } from './patch-method.ts'

/** Connections that may wait for their Hello at the same time; one more ends the oldest of them. */
const MAX_WAITING = 32

export interface FirstFrameOptions {
  readonly clock: Clock
  /** How long a connection may take to send its Hello. */
  readonly timeoutMs: Milliseconds
  /** A connection was refused before it reached the OPC UA stack. */
  readonly onRefused: (reason: string, remoteAddress: string) => void
}

/** Of a connection that the server opened to a client. */
export interface Called {
  /** How long the client may take to send its Hello. */
  readonly timeoutMs: Milliseconds
  readonly onRefused: (reason: string) => void
  /** The channel that the connection becomes. */
  readonly onChannel: (channel: ServerSecureChannelLayer) => void
}

/** Serves a connection that the server opened as one that a client opened. */
export type AdmitCalled = (socket: Socket, called: Called) => void

/**
 * Stands between the socket and node-opcua until the first message is complete: bytes that arrive before the handshake
 * is finished are refused, as is whatever is not one well-formed Hello (OPC 10000-6 §7.1.2.3), comes too slowly, or
 * comes while every connection is taken by a session. The stack gets the Hello alone.
 */
export function guardFirstFrame(endpoint: OPCUAServerEndPoint, options: FirstFrameOptions): AdmitCalled {
  const server = listenerOf(endpoint, 'first frame guard')
  const accept = takeAcceptor(server)
  const waiting = new Set<Socket>()
  const calledOnes = new WeakMap<Socket, Called>()
  /** Called ones whose channel is yet to come, by whom they were opened to: nobody else can come from there. */
  const awaited = new Map<string, Called>()
  endpoint.on('newChannel', (channel: ServerSecureChannelLayer) => {
    awaited.get(peerOf(channel))?.onChannel(channel)
    awaited.delete(peerOf(channel))
  })
  server.maxConnections = endpoint.maxConnections + MAX_WAITING + 1

  server.on('connection', (socket: Socket) => {
    const remote = socket.remoteAddress ?? 'unknown'
    const peer = peerOf(socket)
    const called = calledOnes.get(socket)
    const timeoutMs = called?.timeoutMs ?? options.timeoutMs
    let received = Buffer.alloc(0)

    const leave = () => {
      cancel()
      waiting.delete(socket)
      socket.off('data', take).off('close', leave)
    }
    const refuse = (reason: string) => {
      leave()
      if (called) called.onRefused(reason)
      else options.onRefused(reason, remote)
      socket.destroy()
    }
    const take = (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      const verdict = checkHello(received)
      if (verdict === 'incomplete') return
      if (verdict !== 'complete') return refuse(verdict.refused)
      if (isFull(endpoint)) return refuse(`all ${endpoint.maxConnections} connections are taken by sessions`)
      leave()
      socket.pause()
      socket.unshift(received)
      if (called) awaited.set(peer, called)
      accept.call(server, socket)
    }
    const cancel = options.clock.after(timeoutMs, () => refuse(`no Hello within ${timeoutMs} ms`))

    // Those that the server opened are few, and not for others to end.
    if (!called) waiting.add(socket)
    if (waiting.size > MAX_WAITING) [...waiting][0]?.destroy()
    // What breaks a connection this early concerns nobody; 'close' follows and cleans up.
    socket.on('error', () => socket.destroy())
    socket.on('close', leave).on('data', take)
    if (called) socket.once('close', () => awaited.delete(peer))
    socket.resume()
  })

  return (socket, called) => {
    calledOnes.set(socket, called)
    server.emit('connection', socket)
  }
}

/** The listener that hands a new socket to node-opcua, taken off the server. */
function takeAcceptor(server: Server): (this: Server, socket: Socket) => void {
  const [accept] = server.listeners('connection')
  if (accept?.name !== 'bound _on_client_connection') {
    throw new HardeningError('first frame guard', 'OPCUAServerEndPoint._on_client_connection as first listener')
  }
  server.off('connection', accept as (socket: Socket) => void)
  return accept as (this: Server, socket: Socket) => void
}

/** node-opcua would otherwise close the oldest channel without a session, and refuse only when there is none. */
function isFull(endpoint: OPCUAServerEndPoint): boolean {
  const channels = endpoint.getChannels()
  return channels.length >= endpoint.maxConnections && channels.every((channel) => channel.hasSession)
}

interface Peer {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

const peerOf = ({ remoteAddress, remotePort }: Peer): string => `${remoteAddress} ${remotePort}`
