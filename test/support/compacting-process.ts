import { systemClock } from '../../src/core/clock.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { HistoryCompaction } from '../../src/store/history-compaction.ts'
import { historyRun } from './history-run.ts'
import { aTag } from './small-plant.ts'

/**
 * A process that records samples of a day ago, one a second, and compacts them meanwhile, until it is killed: with each
 * number that it writes, the samples up to it are committed. Every fifth round also says again what is long in a chunk.
 */
const [folder = '', from = '0'] = process.argv.slice(2)
const run = historyRun(folder, [aTag('n', { history: 'every' })])
const compaction = new HistoryCompaction({
  database: run.database,
  keepMs: 365 * 86_400_000,
  clock: systemClock,
  log: silentLogger,
})
compaction.start()
const START = Date.UTC(2026, 0, 1)
const say = (n: number) => run.writer.record(0, n, StatusCode.Good, START + n * 1_000, START + n * 1_000 + 5)

let next = Number(from)
for (let round = 0; ; round++) {
  for (let n = 0; n < 700; n++) say(next++)
  if (round % 5 === 0) for (let n = 0; n < Math.min(next, 50); n++) say(Math.floor((n * next) / 50))
  const compacting = compaction.run()
  await run.writer.commit()
  process.stdout.write(`${next - 1}\n`)
  await compacting
}
