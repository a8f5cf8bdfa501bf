import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Milliseconds } from '../../src/core/clock.ts'

/** What the operating system does to a process. */
export interface OsFaults {
  /** Its wall clock is so much ahead, in whole seconds; the monotonic one goes on as ever. */
  readonly clockOffsetMs?: Milliseconds
  /** Syncs of its databases fail. */
  readonly sync?: 'EIO'
  /** Writes to its databases fail. */
  readonly write?: 'EIO' | 'ENOSPC'
  /** It is killed before so many writes to databases. */
  readonly killAtWrite?: number
}

const source = fileURLToPath(new URL('peers/faulty_os.c', import.meta.url))
const LENGTH = 24

/** An operating system that fails as told, for processes that are started with its `env`. Needs gcc, and no rights. */
export class FaultyOs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'penstock-faulty-os-'))
  readonly #file = join(this.#folder, 'orders')
  readonly env: Readonly<Record<string, string>>

  constructor() {
    const library = join(this.#folder, 'faulty_os.so')
    execFileSync('gcc', ['-O1', '-Wall', '-shared', '-fPIC', '-o', library, source, '-ldl'])
    writeFileSync(this.#file, Buffer.alloc(LENGTH))
    this.env = { LD_PRELOAD: library, FAULTY_OS: this.#file }
  }

  /** Holds at once, also for processes that run; what is not named is well again. */
  set({ clockOffsetMs = 0, sync, write, killAtWrite = 0 }: OsFaults): void {
    const orders = Buffer.alloc(LENGTH)
    orders.writeBigInt64LE(BigInt(clockOffsetMs), 0)
    orders.writeInt32LE(sync ? constants.errno[sync] : 0, 8)
    orders.writeInt32LE(write ? constants.errno[write] : 0, 12)
    orders.writeInt32LE(killAtWrite, 16)
    const file = openSync(this.#file, 'r+')
    writeSync(file, orders)
    closeSync(file)
  }

  /** Writes to databases since `set`; counted only where `killAtWrite` is set. */
  get writes(): number {
    return readFileSync(this.#file).readInt32LE(20)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
