import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A request as it came, and how to answer it. */
export interface Asked {
  readonly socket: Socket
  readonly transactionId: number
  readonly unitId: number
  readonly functionCode: number
  readonly start: number
  readonly count: number
  /** The right answer: each register holds what `tells` says. */
  readonly right: Buffer
  /** The request's number on this connection, from 0. */
  readonly position: number
  /** Keeps bytes back until the next request has come, which is then answered after them. */
  readonly hold: (bytes: Buffer) => void
  /** Keeps bytes back until the next request has been answered. */
  readonly overtake: (bytes: Buffer) => void
}

export type Behaviour = (asked: Asked) => void | Promise<void>

/** A whole frame out of what it says. */
export function frame(transactionId: number, adu: Buffer, protocolId = 0, length = adu.length): Buffer {
  const header = Buffer.alloc(6)
  header.writeUInt16BE(transactionId & 0xffff, 0)
  header.writeUInt16BE(protocolId, 2)
  header.writeUInt16BE(length, 4)
  return Buffer.concat([header, adu])
}

/** Addresses below this one hold something else in each of the units 1 to 16 and each table of registers. */
export const TELLING_ADDRESSES = 2_048

/** What a register holds: its address, in the holding registers of unit 1; the others are told apart from these. */
export const tells = (unitId: number, functionCode: number, address: number): number =>
  (address + (unitId - 1) * 2 * TELLING_ADDRESSES + (functionCode === 4 ? TELLING_ADDRESSES : 0)) & 0xffff

/** The answer with registers `start` to `start + count - 1` of a unit. */
export function registersAdu(unitId: number, functionCode: number, start: number, count: number): Buffer {
  const data = Buffer.alloc(2 * count)
  for (let i = 0; i < count; i++) data.writeUInt16BE(tells(unitId, functionCode, start + i), 2 * i)
  return Buffer.concat([Buffer.of(unitId, functionCode, data.length), data])
}

/** Every way we know in which devices, gateways and networks answer wrongly. */
export const faults = {
  right: ({ socket, right }) => void socket.write(right),
  'byte by byte': async ({ socket, right }) => {
    for (const byte of right) {
      socket.write(Buffer.of(byte))
      await delay(1)
    }
  },
  duplicated: ({ socket, right }) => void socket.write(Buffer.concat([right, right])),
  mute: () => undefined,
  late: ({ hold, right }) => hold(right),
  overtaken: ({ overtake, right }) => overtake(right),
  'another transaction': ({ socket, transactionId, right }) => {
    socket.write(frame(transactionId + 1, right.subarray(6)))
  },
  'the transaction before': ({ socket, transactionId, right }) => {
    socket.write(frame(transactionId - 1, right.subarray(6)))
  },
  'another unit': ({ socket, transactionId, unitId, functionCode, start, count }) => {
    socket.write(frame(transactionId, registersAdu(unitId + 1, functionCode, start + 7, count)))
  },
  'another function': ({ socket, transactionId, unitId, functionCode, start, count }) => {
    socket.write(frame(transactionId, registersAdu(unitId, 7 - functionCode, start + 7, count)))
  },
  'too few registers': ({ socket, transactionId, unitId, functionCode, start, count }) => {
    socket.write(frame(transactionId, registersAdu(unitId, functionCode, start + 7, count - 1)))
  },
  'too many registers': ({ socket, transactionId, unitId, functionCode, start, count }) => {
    socket.write(frame(transactionId, registersAdu(unitId, functionCode, start + 7, count + 1)))
  },
  'a lying byte count': ({ socket, transactionId, unitId, functionCode, count }) => {
    const adu = registersAdu(unitId, functionCode, 7, count)
    adu.writeUInt8(adu.readUInt8(2) ^ 4, 2)
    socket.write(frame(transactionId, adu))
  },
  'an exception without end': ({ socket, transactionId, unitId, functionCode }) => {
    socket.write(frame(transactionId, Buffer.of(unitId, functionCode | 0x80, 2, 0, 0)))
  },
  'a foreign protocol': ({ socket, transactionId, right }) => {
    socket.write(frame(transactionId, right.subarray(6), 1))
  },
  'a length of nonsense': ({ socket, transactionId, right }) => {
    socket.write(frame(transactionId, right.subarray(6), 0, 0xfff0))
  },
  garbage: ({ socket }) => void socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'half an answer, then the end': ({ socket, right }) => void socket.end(right.subarray(0, right.length - 3)),
  'the end (FIN)': ({ socket }) => void socket.end(),
  'a reset (RST)': ({ socket }) => void socket.resetAndDestroy(),
} satisfies Record<string, Behaviour>

const READ_REQUEST_BYTES = 12

/** A Modbus TCP server that answers each request for registers as a test says, and refuses to say what it is. */
export class FaultServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  behave: Behaviour

  private constructor(behave: Behaviour) {
    this.behave = behave
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static start(behave: Behaviour): Promise<FaultServer> {
    const server = new FaultServer(behave)
    return new Promise((resolve, reject) => {
      server.#server.once('error', reject)
      server.#server.listen(0, '127.0.0.1', () => resolve(server))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Refuses connections for a moment; those that are open go on. */
  async refuseFor(milliseconds: number): Promise<void> {
    if (!this.#server.listening) return
    const { port } = this
    this.#server.close()
    await delay(milliseconds)
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    let rest = Buffer.alloc(0)
    let position = 0
    const held: Buffer[] = []
    const overtaken: Buffer[] = []
    // A device answers one request after the other: what it writes never mixes with another answer.
    let busy = Promise.resolve()
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 6 && rest.length >= 6 + rest.readUInt16BE(4)) {
        const request = rest.subarray(0, 6 + rest.readUInt16BE(4))
        rest = rest.subarray(request.length)
        if (request.length < READ_REQUEST_BYTES) {
          socket.write(frame(request.readUInt16BE(0), Buffer.of(request[6]!, request[7]! | 0x80, 1)))
          continue
        }
        const asked = {
          ...readRequest(request),
          socket,
          position: position++,
          hold: (bytes: Buffer) => void held.push(bytes),
          overtake: (bytes: Buffer) => void overtaken.push(bytes),
        }
        busy = busy.then(async () => {
          const before = overtaken.splice(0)
          const write = (bytes: Buffer) => socket.writable && socket.write(bytes)
          held.splice(0).forEach(write)
          if (socket.writable) await this.behave(asked)
          before.forEach(write)
        })
      }
    })
  }
}

function readRequest(request: Buffer): Omit<Asked, 'socket' | 'position' | 'hold' | 'overtake'> {
  const transactionId = request.readUInt16BE(0)
  const [unitId, functionCode] = [request.readUInt8(6), request.readUInt8(7)]
  const [start, count] = [request.readUInt16BE(8), request.readUInt16BE(10)]
  const right = frame(transactionId, registersAdu(unitId, functionCode, start, count))
  return { transactionId, unitId, functionCode, start, count, right }
}
