import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { frame } from './modbus-fault-server.ts'

/** A request that writes, as it came. */
export interface Writing {
  readonly socket: Socket
  readonly transactionId: number
  readonly adu: Buffer
  /** Does it, as often as it is called. */
  readonly act: () => void
  /** The right answer. */
  readonly right: Buffer
}

export type WriteBehaviour = (writing: Writing) => void | Promise<void>

export const obey: WriteBehaviour = ({ act, right, socket }) => {
  act()
  socket.write(right)
}

/** A Modbus TCP device with holding registers and coils, that counts every write and answers them as a test says. */
export class WritableServer {
  readonly registers = new Uint16Array(65_536)
  readonly coils = new Uint8Array(65_536)
  /** Requests that wrote, in the order in which they came: function and address. */
  readonly writes: string[] = []
  /** Of every request its function code, in order. */
  readonly functions: number[] = []
  behave: WriteBehaviour = obey
  /** How long the device takes for each request. */
  latencyMs = 0
  /** Set: requests are taken side by side, each answered with what holds as it comes, after so many milliseconds. */
  latencyOf: (() => number) | undefined
  /** The most requests that were under way at once. */
  mostUnderWay = 0
  #underWay = 0
  /** Reads are not answered. */
  mute = false
  /** Reads are answered with this exception. */
  exception: number | undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(): Promise<WritableServer> {
    const server = new WritableServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let rest = Buffer.alloc(0)
    let busy = Promise.resolve()
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 6 && rest.length >= 6 + rest.readUInt16BE(4)) {
        const request = rest.subarray(0, 6 + rest.readUInt16BE(4))
        rest = rest.subarray(request.length)
        this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay)
        if (this.latencyOf) {
          void this.#answerBeside(socket, request, this.latencyOf())
          continue
        }
        busy = busy.then(async () => {
          if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs))
          await this.#answer(socket, request.readUInt16BE(0), request.subarray(6))
          this.#underWay--
        })
      }
    })
  }

  async #answerBeside(socket: Socket, request: Buffer, latencyMs: number): Promise<void> {
    const late = {
      writable: true,
      write: (bytes: Buffer) => setTimeout(() => socket.writable && socket.write(bytes), latencyMs),
    }
    setTimeout(() => this.#underWay--, latencyMs)
    await this.#answer(late as unknown as Socket, request.readUInt16BE(0), request.subarray(6))
  }

  async #answer(socket: Socket, transactionId: number, adu: Buffer): Promise<void> {
    const functionCode = adu.readUInt8(1)
    this.functions.push(functionCode)
    if (functionCode <= 4) {
      const { exception } = this
      const refusal = exception && Buffer.of(adu[0]!, functionCode | 0x80, exception)
      if (!this.mute && socket.writable) socket.write(frame(transactionId, refusal || this.#read(adu)))
      return
    }
    this.writes.push(`${functionCode}@${adu.readUInt16BE(2)}`)
    const isLong = functionCode === 15 || functionCode === 16
    const right = frame(transactionId, isLong ? adu.subarray(0, 6) : adu)
    await this.behave({ socket, transactionId, adu, right, act: () => this.#act(adu) })
  }

  #read(adu: Buffer): Buffer {
    const [unitId, functionCode] = [adu.readUInt8(0), adu.readUInt8(1)]
    const [start, count] = [adu.readUInt16BE(2), adu.readUInt16BE(4)]
    const data = Buffer.alloc(functionCode <= 2 ? Math.ceil(count / 8) : 2 * count)
    for (let i = 0; i < count; i++) {
      if (functionCode > 2) data.writeUInt16BE(this.registers[start + i]!, 2 * i)
      else if (this.coils[start + i]) data[i >> 3]! |= 1 << (i & 7)
    }
    return Buffer.concat([Buffer.of(unitId, functionCode, data.length), data])
  }

  #act(adu: Buffer): void {
    const [functionCode, start, second] = [adu.readUInt8(1), adu.readUInt16BE(2), adu.readUInt16BE(4)]
    if (functionCode === 5) this.coils[start] = second === 0xff00 ? 1 : 0
    if (functionCode === 6) this.registers[start] = second
    if (functionCode === 22) {
      const or = adu.readUInt16BE(6)
      this.registers[start] = (this.registers[start]! & second) | (or & ~second)
    }
    for (let i = 0; i < second; i++) {
      if (functionCode === 15) this.coils[start + i] = (adu[7 + (i >> 3)]! >> (i & 7)) & 1
      if (functionCode === 16) this.registers[start + i] = adu.readUInt16BE(7 + 2 * i)
    }
  }
}
