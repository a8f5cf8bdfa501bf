import type {
  ImportInput,
  ImportOutcome,
  ImportProgress,
  RunImport,
  RunningImport,
} from '../config/imports/import-plant.ts'
import { UnreadableImport } from '../config/imports/imported.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** How far an import of a user is. */
export type ImportState =
  | { readonly state: 'running'; readonly progress: ImportProgress }
  | { readonly state: 'ready'; readonly outcome: ImportOutcome }
  /** Nothing can be made of the file. */
  | { readonly state: 'refused'; readonly message: string; readonly line: number | undefined }

interface Kept {
  readonly input: ImportInput
  readonly running: RunningImport
  state: ImportState
}

/** What is kept of others is some megabytes each. */
const MOST_KEPT = 8
const MOST_RUNNING = 2
/** Far more than a file takes that is not refused for its size; one that never ended would keep others from theirs. */
const LONGEST_MINUTES = 10
const LONGEST: Milliseconds = LONGEST_MINUTES * 60_000

/** The import of each user: begun, looked at, and taken over or forgotten. It outlasts a reload of the page. */
export class PlantImports {
  readonly #run: RunImport
  readonly #clock: Clock
  readonly #log: Logger
  readonly #kept = new Map<string, Kept>()

  constructor(run: RunImport, clock: Clock, log: Logger) {
    this.#run = run
    this.#clock = clock
    this.#log = log
  }

  /** In place of one that the user has. False: others import already, and this one is not begun. */
  begin(user: string, input: ImportInput): boolean {
    this.forget(user)
    const others = [...this.#kept.values()].filter(({ state }) => state.state === 'running').length
    if (others >= MOST_RUNNING) return false
    const running = this.#run(input, (progress) => {
      if (kept.state.state === 'running') kept.state = { state: 'running', progress }
    })
    const kept: Kept = { input, running, state: { state: 'running', progress: { step: 'reading', done: 0 } } }
    this.#kept.set(user, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.forget(oldest)
    void this.#follow(kept)
    return true
  }

  /** Undefined: there is none. */
  of(user: string): (ImportState & { readonly input: ImportInput }) | undefined {
    const kept = this.#kept.get(user)
    return kept && { ...kept.state, input: kept.input }
  }

  /** Ends it where it runs. */
  forget(user: string): void {
    this.#kept.get(user)?.running.cancel()
    this.#kept.delete(user)
  }

  /** Ends all of them. */
  stop(): void {
    for (const user of [...this.#kept.keys()]) this.forget(user)
  }

  async #follow(kept: Kept): Promise<void> {
    let isLate = false
    const end = this.#clock.after(LONGEST, () => {
      isLate = true
      kept.running.cancel()
    })
    try {
      kept.state = { state: 'ready', outcome: await kept.running.outcome }
    } catch (error) {
      if (isLate) {
        kept.state = { state: 'refused', message: tooLong, line: undefined }
        return
      }
      const isUnreadable = error instanceof UnreadableImport
      if (!isUnreadable) this.#log.error({ cause: describeError(error) }, 'An import failed; nothing is changed')
      const message = isUnreadable ? error.message : `It failed (${describeError(error)}).`
      kept.state = { state: 'refused', message, line: isUnreadable ? error.line : undefined }
    } finally {
      end()
    }
  }
}

const tooLong = `It took longer than ${LONGEST_MINUTES} minutes and was ended; nothing is changed: import channel by channel.`
