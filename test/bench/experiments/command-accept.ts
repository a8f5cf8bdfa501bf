import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Commands } from '../../../src/commands/commands.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { CommandStore } from '../../../src/store/command-store.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { commandSettings, GivenValues, operator } from '../../support/command-rig.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'

const DEVICES = 100
const SECONDS = 5
/** Commands a second, as many clients send them. */
const RATE = 1_000
const TICK_MS = 10
/** A queue that does not keep up is behind by seconds. */
const GOAL_MS = 100

/** Commands that come at 1,000 a second, each answered when it is on disk, beside single commits of the same disk. */
export const commandAccept: Experiment = {
  rows: {
    'command-accept': 'from a command to its answer, on disk, at 1,000 commands a second, against 100 ms',
    'command-accept-commits': 'commits to disk that these took, against one for each command',
  },
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
    try {
      const alone = singleCommits(folder)
      say(`one commit by itself: ${alone.toFixed(2)} ms in the middle`)
      const { latencies, commits } = await underLoad(folder)
      const p50 = percentile(latencies, 0.5)
      say(`answered after ${p50.toFixed(1)} ms in the middle`)
      return [
        makeRow({
          name: 'command-accept',
          unit: 'ms p99',
          value: percentile(latencies, 0.99),
          baseline: GOAL_MS,
          goal: `all ${RATE * SECONDS} accepted, p99 <= ${GOAL_MS} ms`,
          ok: (_value, ratio) => latencies.length === RATE * SECONDS && ratio <= 1,
        }),
        makeRow({
          name: 'command-accept-commits',
          unit: 'commits',
          value: commits,
          baseline: latencies.length,
          goal: '<= 0.5 of one for each',
          ok: (_value, ratio) => ratio <= 0.5,
        }),
      ]
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

function singleCommits(folder: string): number {
  const database = openPenstockDatabase(join(folder, 'alone'))
  const audit = new AuditLog(database)
  const entry = { at: 0, by: operator, action: 'bench', subject: 'disk', outcome: 'done' } as const
  const times = Array.from({ length: 100 }, () => {
    const from = performance.now()
    database.transaction(() => audit.append(entry))()
    return performance.now() - from
  })
  database.close()
  return percentile(times, 0.5)
}

async function underLoad(folder: string): Promise<{ latencies: number[]; commits: number }> {
  const keys = Array.from({ length: DEVICES }, (_none, at) => `d${at}`)
  const plant = aPlant(keys.map((key) => aModbusDevice(key, [aTag('setpoint', { access: 'readWrite' })])))
  const database = openPenstockDatabase(folder)
  const store = new CommandStore(database, new AuditLog(database))
  let commits = 0
  const journal = new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') commits++
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  const commands = new Commands({
    journal,
    plant: () => plant,
    values: new GivenValues(plant, new ManualClock()),
    outlets: { of: () => undefined },
    settings: { ...commandSettings, queueLength: 1_000 },
    clock: systemClock,
    log: silentLogger,
    onNews: () => undefined,
  })
  commands.begin()
  const latencies: number[] = []
  const asked: Promise<void>[] = []
  const ask = async (at: number) => {
    const from = performance.now()
    const order = { kind: 'write', tag: 'setpoint', value: at } as const
    const answer = await commands.request({ device: `d${at % DEVICES}`, order, by: operator })
    if ('accepted' in answer) latencies.push(performance.now() - from)
  }
  const began = performance.now()
  for (let at = 0; at < RATE * SECONDS; ) {
    const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - began) / 1_000) * RATE))
    for (; at < due; at++) asked.push(ask(at))
    await new Promise((resolve) => systemClock.after(TICK_MS, () => resolve(undefined)))
  }
  await Promise.all(asked)
  await commands.stop()
  database.close()
  return { latencies, commits }
}
