import { type AddressInfo, createServer, type Socket } from 'node:net'

const HEADER = 7
const REQUEST = HEADER + 5

export interface SlowLine {
  readonly port: number
  /** How many requests it has answered. */
  answered(): number
  end(): Promise<void>
}

/**
 * A Modbus TCP gateway before a serial line: it answers one request after the other, each after `latencyMs`, and never
 * for the units that are dead. Registers are 0; one may be written, with that.
 */
export async function startSlowLine(latencyMs: number, dead: ReadonlySet<number>): Promise<SlowLine> {
  const sockets = new Set<Socket>()
  let answered = 0
  let free = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      for (let at = 0; at + REQUEST <= chunk.length; at += REQUEST) {
        const request = chunk.subarray(at, at + REQUEST)
        if (dead.has(request.readUInt8(6))) continue
        const now = performance.now()
        free = Math.max(now, free) + latencyMs
        setTimeout(() => {
          answered++
          socket.write(answer(request))
        }, free - now)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    answered: () => answered,
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function answer(request: Buffer): Buffer {
  if (request.readUInt8(HEADER) === 6) return Buffer.from(request)
  const bytes = 2 * request.readUInt16BE(HEADER + 3)
  const reply = Buffer.alloc(HEADER + 2 + bytes)
  request.copy(reply, 0, 0, HEADER + 1)
  reply.writeUInt16BE(3 + bytes, 4)
  reply.writeUInt8(bytes, HEADER + 1)
  return reply
}
