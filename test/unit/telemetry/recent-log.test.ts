import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { LogRing } from '../../../src/telemetry/log-ring.ts'
import { RecentLog } from '../../../src/telemetry/recent-log.ts'

const line = (n: number, time = '2026-01-01T00:00:00.000Z') => JSON.stringify({ time, n, text: 'ü'.repeat(n % 7) })
const numbers = (lines: readonly string[]) => lines.map((each) => (JSON.parse(each) as { n: number }).n)

it('keeps the newest lines, whole and in order, however many were written', () => {
  const ring = new LogRing(LogRing.buffer(1_000))
  for (let n = 0; n < 5; n++) ring.write(line(n))
  expect(numbers(ring.lines())).toEqual([0, 1, 2, 3, 4])
  for (let n = 5; n < 500; n++) {
    ring.write(line(n))
    const kept = numbers(ring.lines())
    expect(kept.at(-1)).toBe(n)
    expect(kept).toEqual(kept.map((_, at) => n - kept.length + 1 + at))
    expect(kept.length).toBeGreaterThan(4)
  }
})

it('a line that is longer than all that is kept takes nothing apart', () => {
  const ring = new LogRing(LogRing.buffer(200))
  ring.write(JSON.stringify({ n: 1, text: 'x'.repeat(1_000) }))
  expect(ring.lines()).toEqual([])
  ring.write(line(2))
  expect(numbers(ring.lines())).toEqual([2])
})

it('what a thread said last is there when it is dead, among what others said, by time', async () => {
  const recent = new RecentLog()
  new LogRing(recent.bufferOf('main')).write(line(1, '2026-01-01T00:00:01.000Z'))
  new LogRing(recent.bufferOf('main')).write(line(3, '2026-01-01T00:00:03.000Z'))
  const ring = new URL('../../../src/telemetry/log-ring.ts', import.meta.url).href
  const dying = `
    import(${JSON.stringify(ring)}).then(({ LogRing }) => {
      new LogRing(require('node:worker_threads').workerData).write(${JSON.stringify(line(2, '2026-01-01T00:00:02.000Z'))})
      throw new Error('the end')
    })`
  const worker = new Worker(dying, { eval: true, workerData: recent.bufferOf('engine') })
  await new Promise((resolve) => worker.on('error', resolve))
  expect(numbers(recent.lines())).toEqual([1, 2, 3])
})
