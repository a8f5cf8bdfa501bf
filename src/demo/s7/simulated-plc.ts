import { createServer, type Server, type Socket } from 'node:net'
import { DataBlocks } from './data-blocks.ts'
import { connectionConfirm, dataFrame, disconnectRequest, FrameSplitter, readIsoRequest } from './iso-frames.ts'
import { JobServer } from './s7-jobs.ts'

export interface SimulatedPlcOptions {
  /** Data blocks by number; the buffers are the PLC's memory and stay the caller's to change. */
  readonly blocks: ReadonlyMap<number, Buffer>
  /** Data blocks that the network may write; none unless said. */
  readonly writable?: ReadonlySet<number>
  /** Longest PDU it grants; 240 as an S7-1200 unless said. */
  readonly largestPdu?: number
  /** It answers only to this slot, in rack 0; to any, unless said. */
  readonly slot?: number
}

/** A Siemens S7 CPU as the network sees it: any number of connections that read, and perhaps write, its data blocks. */
export class SimulatedPlc {
  readonly #options: SimulatedPlcOptions
  readonly #blocks: DataBlocks
  readonly #connections = new Set<Socket>()
  #server: Server | undefined

  constructor(options: SimulatedPlcOptions) {
    this.#options = options
    this.#blocks = new DataBlocks(options.blocks, options.writable ?? new Set())
  }

  /** The live bytes of a data block. */
  db(number: number): Buffer | undefined {
    return this.#blocks.get(number)
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size
  }

  /** Answers the port it listens on; 0 lets the system choose one. Rejects when it is taken, or may not be used. */
  listen(port = 0, host = '127.0.0.1'): Promise<number> {
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        server.off('error', reject)
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : port)
      })
    })
  }

  /** Ends every connection; safe to repeat. */
  async close(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    for (const socket of this.#connections) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket)
    socket.setNoDelay(true)
    const frames = new FrameSplitter()
    const jobs = new JobServer(this.#blocks, this.#options.largestPdu ?? 240)
    socket.on('data', (chunk) => {
      try {
        for (const frame of frames.push(chunk)) this.#answer(socket, jobs, frame)
      } catch {
        // A CPU says nothing to a client that does not speak S7: it hangs up.
        socket.destroy()
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#connections.delete(socket))
  }

  #answer(socket: Socket, jobs: JobServer, frame: Buffer): void {
    const request = readIsoRequest(frame)
    if (request.kind === 'data') {
      socket.write(dataFrame(jobs.answer(request.data)))
      return
    }
    const { slot } = this.#options
    if (slot === undefined || request.rackSlot === slot) socket.write(connectionConfirm(request.sourceReference))
    else socket.end(disconnectRequest(request.sourceReference))
  }
}
