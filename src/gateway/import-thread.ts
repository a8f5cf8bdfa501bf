import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ImportOutcome, ImportProgress, RunImport } from '../config/imports/import-plant.ts'
import { UnreadableImport } from '../config/imports/imported.ts'

const HEAP_MB = 1_024

/** What the thread says. */
export type ImportNews =
  | { readonly progress: ImportProgress }
  | { readonly outcome: ImportOutcome }
  | { readonly unreadable: string; readonly line: number | undefined }

/** A thread with a heap of its own reads the file and checks what comes of it: meanwhile the gateway answers. */
export const importInThread: RunImport = (workerData, onProgress) => {
  const entry = new URL(`./import-thread-entry${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(entry, { workerData, env: {}, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })
  const outcome = new Promise<ImportOutcome>((resolve, reject) => {
    worker.on('message', (news: ImportNews) => {
      if ('progress' in news) onProgress(news.progress)
      else if ('outcome' in news) resolve(news.outcome)
      else reject(new UnreadableImport(news.unreadable, news.line))
    })
    worker.on('error', reject)
    worker.once('exit', () => reject(new UnreadableImport('It was ended before it was done.')))
  })
  return { outcome, cancel: () => void worker.terminate() }
}
