import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describeError } from '../core/errors.ts'
import type { SenderNews } from '../sinks/postgres/sender.ts'
import type { SinkThreadData, ToSinkThread } from './serve-sink.ts'

const HEAP_MB = 256

/** Somebody who sends to PostgreSQL, as the engine sees it. */
export interface SinkThread {
  tell(message: ToSinkThread): void
  /** Ends it wherever it is. */
  terminate(): void
}

export type StartSinkThread = (
  data: SinkThreadData,
  on: { readonly news: (news: SenderNews) => void; readonly end: (cause: string) => void },
) => SinkThread

/** A thread with a heap of its own; `end` is called once, with why it ended. */
export const startSinkThread: StartSinkThread = (workerData, on) => {
  const entry = new URL(`./sink-thread-entry${extname(import.meta.url)}`, import.meta.url)
  // Without the environment: the library for PostgreSQL would take settings from it (PGOPTIONS and others).
  const worker = new Worker(entry, { workerData, env: {}, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })
  let cause = 'it ended'
  worker.on('message', on.news)
  worker.on('error', (error) => {
    cause = describeError(error)
  })
  worker.once('exit', () => on.end(cause))
  return { tell: (message) => worker.postMessage(message), terminate: () => void worker.terminate() }
}
