import { connect } from 'node:net'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { addressOf } from './services/advertised-url.ts'

const TIMEOUT: Milliseconds = 3_000

/** Why a client could not begin to talk at this URL; undefined where it could. */
export type Obstacle = string | undefined

/**
 * Does what a client does first at an endpoint's URL: resolves the name, connects and says Hello (OPC 10000-6
 * §7.1.2.3). Never rejects: what is in the way is the answer.
 */
export function obstacleAt(url: string, clock: Clock): Promise<Obstacle> {
  const address = addressOf(url)
  if (!address) return Promise.resolve('it is no opc.tcp URL')
  return new Promise((resolve) => {
    const socket = connect({ host: address.host.replace(/^\[|\]$/g, ''), port: address.port })
    const settle = (obstacle: Obstacle) => {
      cancel()
      socket.destroy()
      resolve(obstacle)
    }
    const cancel = clock.after(TIMEOUT, () => settle(`no answer within ${TIMEOUT / 1_000} s`))
    socket.on('connect', () => socket.write(helloTo(url)))
    socket.on('data', (bytes: Buffer) => {
      settle(bytes.toString('latin1', 0, 3) === 'ACK' ? undefined : 'something else than an OPC UA server answers')
    })
    socket.on('end', () => settle('the connection is closed without an answer'))
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => settle(inWords[code ?? ''] ?? message))
  })
}

const inWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved',
  ECONNREFUSED: 'the connection is refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
}

/** Buffers of 8192 bytes, the least, and no limits. */
function helloTo(url: string): Buffer {
  const path = Buffer.from(url)
  const bytes = Buffer.alloc(32 + path.length)
  bytes.write('HELF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length, 4)
  bytes.writeUInt32LE(8_192, 12)
  bytes.writeUInt32LE(8_192, 16)
  bytes.writeInt32LE(path.length, 28)
  path.copy(bytes, 32)
  return bytes
}
