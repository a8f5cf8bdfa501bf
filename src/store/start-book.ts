import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** So many starts, within so long, that ended without a proper end are a crash loop. */
export const CRASHES = 5
export const CRASHES_WITHIN: Milliseconds = 15 * 60_000
/** A gateway that ran for so long has not crashed at its start. */
const STABLE_AFTER: Milliseconds = 5 * 60_000

const FILE = 'starts.json'
const record = z.object({ unfinished: z.array(z.number()) })

/**
 * The starts on a data folder of which no proper end is known, in a file that is on disk before the gateway goes on. A
 * file that cannot be read or written keeps no gateway from its work: it is said, and nothing is counted.
 */
export class StartBook {
  readonly #folder: string
  readonly #clock: Clock
  readonly #log: Logger
  #stopWaiting: (() => void) | undefined

  /** The folder has to be this process's own. */
  constructor(parts: { dataFolder: string; clock: Clock; log: Logger }) {
    this.#folder = parts.dataFolder
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** Notes that a start begins. Answers how many before it, of late, came to no proper end. */
  begin(): number {
    const now = this.#clock.now()
    const before = this.#read().filter((at) => Math.abs(now - at) <= CRASHES_WITHIN)
    this.#write([...before, now].slice(-CRASHES * 2))
    this.#stopWaiting = this.#clock.after(STABLE_AFTER, () => this.settle())
    return before.length
  }

  /** This start came to a proper end, or has run for long enough: nothing is counted against the next. */
  settle(): void {
    this.#stopWaiting?.()
    this.#write([])
  }

  #read(): readonly Milliseconds[] {
    try {
      return record.parse(JSON.parse(readFileSync(join(this.#folder, FILE), 'utf8'))).unfinished
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      this.#log.warn({ cause: describeError(error) }, `${FILE} of the data folder cannot be read and is made anew`)
      return []
    }
  }

  #write(unfinished: readonly Milliseconds[]): void {
    const file = join(this.#folder, FILE)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      synced(`${file}.new`, 'w', (opened) => writeSync(opened, `${JSON.stringify({ unfinished })}\n`))
      renameSync(`${file}.new`, file)
      // The new name is on disk only when the folder is.
      synced(this.#folder, 'r', () => undefined)
    } catch (error) {
      this.#log.warn(
        { cause: describeError(error) },
        `${FILE} of the data folder cannot be written: crashes are not counted`,
      )
    }
  }
}

function synced(path: string, flags: 'w' | 'r', action: (opened: number) => unknown): void {
  const opened = openSync(path, flags, 0o600)
  try {
    action(opened)
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
