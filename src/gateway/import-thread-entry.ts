import { setImmediate as turn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ImportJudge } from '../cli/import-judge.ts'
import { type ImportInput, importPlant } from '../config/imports/import-plant.ts'
import { UnreadableImport } from '../config/imports/imported.ts'
import type { ImportNews } from './import-thread.ts'

/** The thread that imports a plant; it judges without secrets, which the draft is asked for. */
const say = (news: ImportNews) => parentPort?.postMessage(news)
const input = workerData as ImportInput
try {
  const judge = new ImportJudge()
  const pause = (progress: Extract<ImportNews, { progress: unknown }>['progress']) => {
    say({ progress })
    return turn()
  }
  const { text, counts, notes } = await importPlant(input, { texts: judge.texts, judge: judge.judge, pause })
  say({ outcome: { text, counts, notes, changes: judge.changes(input.text, text) } })
} catch (error) {
  if (!(error instanceof UnreadableImport)) throw error
  say({ unreadable: error.message, line: error.line })
}
