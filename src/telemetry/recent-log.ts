import { LogRing } from './log-ring.ts'

/** Threads of the gateway that log. */
export const loggingThreads = ['main', 'engine', 'opcua'] as const
export type LoggingThread = (typeof loggingThreads)[number]

/** Of each thread: some hours of a gateway that has little to say, the last minutes of one that has much. */
const BYTES_A_THREAD = 256 * 1_024

/** The newest lines of the log, of every thread, whether it still lives or not. */
export class RecentLog {
  readonly #buffers = new Map(loggingThreads.map((thread) => [thread, LogRing.buffer(BYTES_A_THREAD)] as const))

  /** Where the thread of this name writes; can be given to it. */
  bufferOf(thread: LoggingThread): SharedArrayBuffer {
    return this.#buffers.get(thread) as SharedArrayBuffer
  }

  /** Of all threads, by their time, the oldest first. */
  lines(): string[] {
    return [...this.#buffers.values()]
      .flatMap((buffer) => new LogRing(buffer).lines())
      .map((line) => ({ line, time: String((JSON.parse(line) as { time?: unknown }).time) }))
      .sort((one, other) => (one.time < other.time ? -1 : Number(one.time > other.time)))
      .map(({ line }) => line)
  }
}
