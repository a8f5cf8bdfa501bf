import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ByteOrder } from '../../src/core/plant.ts'
import type { Area } from '../../src/sources/modbus/address.ts'
import type { Encoding } from '../../src/sources/modbus/encoding.ts'

const run = promisify(execFile)
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** A server program that prints `port N`, then a line for each line that it is given. */
class Peer {
  readonly port: number
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  private constructor(process: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, port: number) {
    this.#process = process
    this.#lines = lines
    this.port = port
  }

  static async start(command: string, ...args: string[]): Promise<Peer> {
    const process = spawn(command, args)
    let complaint = ''
    process.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    const lines = createInterface(process.stdout)[Symbol.asyncIterator]()
    const { value } = await lines.next()
    const port = Number(/^port (\d+)$/.exec(value ?? '')?.[1])
    if (!port) throw new Error(`${command} ${args.join(' ')} does not serve: ${value ?? ''} ${complaint}`)
    return new Peer(process, lines, port)
  }

  async tell(line: string): Promise<string> {
    this.#process.stdin.write(`${line}\n`)
    const { value } = await this.#lines.next()
    return value ?? ''
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve())
      this.#process.stdin.end()
      this.#process.kill()
    })
  }
}

interface Place {
  readonly unit?: number
  readonly area: Area
  readonly address: number
}

interface Ordered extends Place {
  readonly byteOrder?: ByteOrder
  readonly wordOrder?: ByteOrder
}

interface Put extends Ordered {
  /** Those that pymodbus can write by itself. */
  readonly encoding: Extract<Encoding, `${'int' | 'uint'}${16 | 32 | 64}` | `float${number}` | 'string'>
  readonly value: number | bigint | string
}
export type PymodbusTransport = 'tcp' | 'udp' | 'rtu-over-tcp' | 'rtu' | 'ascii'

/** pymodbus, whose registers can be changed while it serves. Units that were given nothing are mute. */
export class PymodbusServer {
  readonly #peer: Peer

  private constructor(peer: Peer) {
    this.#peer = peer
  }

  /** `where` is a port, 0 for any, or the path of a serial line (115200 baud, 8 data bits, no parity). */
  static async start(where: number | string = 0, transport: PymodbusTransport = 'tcp'): Promise<PymodbusServer> {
    return new PymodbusServer(await Peer.start('/usr/bin/python3', here('pymodbus_server.py'), transport, `${where}`))
  }

  get port(): number {
    return this.#peer.port
  }

  /** Has pymodbus encode a value into registers. */
  put({ unit = 1, value, byteOrder = 'big', wordOrder = 'big', ...place }: Put): Promise<void> {
    return this.#change({ unit, ...place, byteOrder, wordOrder, value: String(value) })
  }

  /** Writes bytes, given in the order of the specification, as registers in the order of the device. */
  bytes({ unit = 1, byteOrder = 'big', wordOrder = 'big', ...place }: Ordered, hex: string): Promise<void> {
    return this.#change({ unit, ...place, byteOrder, wordOrder, hex })
  }

  bits({ unit = 1, ...place }: Place, ...bits: number[]): Promise<void> {
    return this.#change({ unit, ...place, bits })
  }

  remove({ unit = 1, ...place }: Place, count: number): Promise<void> {
    return this.#change({ unit, ...place, remove: count })
  }

  /** What all its units say that they are, by the number of the object. */
  identity(objects: Readonly<Record<number, string>>): Promise<void> {
    return this.#change({ identity: objects })
  }

  /** SIGSTOP makes it mute while its connections stand, SIGCONT lets it go on, SIGKILL ends it without a word. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#peer.signal(signal)
  }

  stop(): Promise<void> {
    return this.#peer.stop()
  }

  async #change(change: object): Promise<void> {
    const answer = await this.#peer.tell(JSON.stringify(change))
    if (answer !== 'ok') throw new Error(`pymodbus did not take ${JSON.stringify(change)}: ${answer}`)
  }
}

/** libmodbus with the fixed registers that `peers/libmodbus_server.c` describes; needs gcc, pkg-config and libmodbus. */
export async function startLibmodbus(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-libmodbus-'))
  const program = join(folder, 'server')
  const { stdout } = await run('pkg-config', ['--cflags', '--libs', 'libmodbus'])
  await run('gcc', ['-O1', '-Wall', '-o', program, here('peers/libmodbus_server.c'), ...stdout.trim().split(/\s+/)])
  const peer = await Peer.start(program)
  return {
    port: peer.port,
    async stop() {
      await peer.stop()
      await rm(folder, { recursive: true })
    },
  }
}
