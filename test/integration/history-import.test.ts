import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ExitCode } from '../../src/cli/client/failure.ts'
import { LocalGateway } from '../../src/cli/config/local-gateway.ts'
import { importInto } from '../../src/cli/history-import.ts'
import { importThrough } from '../../src/cli/history-transfer.ts'
import type { AuditRow } from '../../src/core/audit.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Gateway } from '../../src/main.ts'
import { type PlantFolder, writePlant } from '../support/gateway.ts'
import { historyOf } from '../support/history-run.ts'
import { startGatewayOf } from '../support/running-gateway.ts'

/** `penstock history import` while the gateway runs that has the data folder. */
let plant: PlantFolder
let gateway: Gateway
let data: string
let url: string

beforeAll(async () => {
  const aggregates = [{ window: '1m', functions: ['max'] }]
  const tags = [{ key: 'one', type: 'Double', expression: '1', history: 'every', aggregates }]
  plant = await writePlant([{ key: 'sums', kind: 'calculated', devices: [{ key: 'sum', tags }] }], {})
  gateway = await startGatewayOf(plant)
  data = join(plant.folder, 'data')
  url = `http://127.0.0.1:${gateway.httpPort}`
})
afterAll(async () => {
  await gateway.stop()
  plant.remove()
})

const START = Date.UTC(2026, 0, 1)
const rowOf = (n: number, tag: string) => `${tag},${new Date(START + n * 1_000).toISOString()},${n},Double,Good`

async function imported(rows: readonly string[]) {
  const file = join(plant.folder, 'import.csv')
  writeFileSync(file, ['tag,sourceTime,value,type,status', ...rows].join('\n'))
  const notices: string[] = []
  const out = { line: () => undefined, notice: (notice: string) => void notices.push(notice) }
  return { ...(await importInto(file, { config: plant.file, data, url }, {}, out)), notices }
}

it('values come into the history of a gateway that runs, in batches, each once, and rows that are none are told', async () => {
  const rows = Array.from({ length: 2_500 }, (_, n) => rowOf(n, n % 2 === 0 ? 'old/a' : 'old/b'))
  const report = await imported([...rows, 'old/a,today,1,Double,Good'])
  expect(report).toMatchObject({ taken: 2_500, duplicates: 0, refused: 1 })
  expect(report.notices).toEqual([expect.stringContaining('line 2502: sourceTime today is no time')])
  expect(historyOf(data, 'old/b').map(({ value }) => value)).toEqual(Array.from({ length: 1_250 }, (_, n) => 2 * n + 1))
  expect(await imported([...rows, rowOf(2_501, 'old/a')])).toMatchObject({ taken: 1, duplicates: 2_500, refused: 0 })

  const local = new LocalGateway({ url, config: plant.file, data }, {})
  const { rows: audit } = await local.ask<{ rows: AuditRow[] }>('GET', '/audit?limit=100')
  const inserts = audit.filter(({ action }) => action === 'history.insert')
  expect(inserts[0]).toMatchObject({ by: { user: 'local', origin: 'cli' }, outcome: 'done' })
  const inserted = inserts.map(({ details }) => Number(details?.inserted ?? 0))
  expect(inserted.reduce((sum, each) => sum + each, 0)).toBe(2_501)
})

it('the windows of a tag that got values have them too', async () => {
  await imported([rowOf(5, 'sum/one'), rowOf(6, 'sum/one')])
  await expect
    .poll(() => historyOf(data, 'sum/one-1m-max').at(0), { timeout: 20_000 })
    .toMatchObject({ value: 6, sourceTime: START })
})

it('nobody imports who has not the token of the data folder, or sends what is no sample', async () => {
  const asked = await fetch(`${url}/history`, { method: 'POST', body: '{}' })
  expect(asked.status).toBe(401)
  const local = new LocalGateway({ url, config: plant.file, data }, {})
  for (const [type, sample] of [
    ['Double', [0, 0, 0, 'x']],
    ['Double', [0, 0, 0, null]],
    ['Duble', [0, 0, 0, '1']],
    ['Double', [0.5, 0, 0, '1']],
  ] as const) {
    const series = [{ tag: 'old/a', type, samples: [sample] }]
    await expect(local.ask('POST', '/history', { series })).rejects.toMatchObject({ exitCode: ExitCode.usage })
  }
})

it('an import that the gateway cannot take says so', async () => {
  const file = join(plant.folder, 'import.csv')
  writeFileSync(file, ['tag,sourceTime,value,type,status', rowOf(1, 'old/a')].join('\n'))
  const away = new LocalGateway({ url: 'http://127.0.0.1:1', config: plant.file, data }, {})
  const out = { line: () => undefined, notice: () => undefined }
  await expect(importThrough(away, file, systemClock, out)).rejects.toMatchObject({ exitCode: ExitCode.unreachable })
})
