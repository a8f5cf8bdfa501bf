import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ExitCode } from '../../../src/cli/client/failure.ts'
import { type ExportFormat, exportHistory, importHistory } from '../../../src/cli/history-transfer.ts'
import type { TagValue } from '../../../src/core/data-type.ts'
import { GOOD_LIMITED_LOW, StatusCode } from '../../../src/core/status-code.ts'
import { lockDataFolder } from '../../../src/store/data-folder-lock.ts'
import type { HistoryRange } from '../../../src/store/history-reader.ts'
import { historyOf, historyRun } from '../../support/history-run.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag } from '../../support/small-plant.ts'

const START = Date.UTC(2026, 6, 23, 10)
let folders: string[] = []
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'penstock-'))
  folders.push(made)
  return made
}
beforeEach(() => {
  folders = []
})
afterEach(() => {
  for (const each of folders) rmSync(each, { recursive: true })
})

const values: Readonly<Record<string, readonly [type: Parameters<typeof aTag>[1], values: readonly TagValue[]]>> = {
  level: [{ type: 'Double' }, [0.1 + 0.2, -0, 5e-324, 1e300]],
  count: [{ type: 'UInt64' }, [2n ** 64n - 1n, 0n]],
  total: [{ type: 'Int64' }, [-(2n ** 63n)]],
  on: [{ type: 'Boolean' }, [true, false]],
  text: [{ type: 'String' }, ['', 'a "b",\nc', 'Grüße, =1+1', ' ']],
  raw: [{ type: 'ByteString' }, [Buffer.from('00ff', 'hex'), Buffer.alloc(0)]],
  when: [{ type: 'DateTime' }, [START + 0.1234]],
  list: [{ type: 'String', arrayLength: 2 }, [['a,"', '']]],
  bytes: [{ type: 'Int16', arrayLength: 3 }, [[1, -2, 3]]],
}

async function recorded(): Promise<string> {
  const made = folder()
  const tags = Object.entries(values).map(([key, [settings]]) => aTag(key, { ...settings, history: 'every' }))
  const run = historyRun(made, tags)
  for (const [index, [, list]] of Object.values(values).entries()) {
    for (const [n, value] of list.entries()) run.writer.record(index, value, 0, START + n, START + 20)
    run.writer.record(index, undefined, StatusCode.BadDecodingError, START + 100, START + 120)
    run.writer.record(index, list[0], GOOD_LIMITED_LOW, START + 200, START + 220)
    run.writer.record(index, list[0], 0x4094_0401, START + 300, START + 320)
  }
  await run.close()
  return made
}

async function exported(from: string, tags: string[] = [], format: ExportFormat = 'csv', range: HistoryRange = {}) {
  const to = new PassThrough()
  const all = text(to)
  await exportHistory(from, tags, range, format, to)
  to.end()
  return await all
}

async function imported(csv: string, into = folder()) {
  const notices: string[] = []
  const file = join(folder(), 'history.csv')
  writeFileSync(file, csv)
  const out = { line: () => undefined, notice: (notice: string) => void notices.push(notice) }
  const report = await importHistory(file, into, new ManualClock(START + 1_000), out)
  return { into, report, notices }
}

describe('history that is exported', () => {
  it('is the same in the data folder that it is imported into, whatever its type, status and times are', async () => {
    const from = await recorded()
    const csv = await exported(from)
    const { into, report, notices } = await imported(csv)
    const many = Object.values(values).reduce((sum, [, list]) => sum + list.length + 3, 0)
    expect([report, notices]).toEqual([{ taken: many, duplicates: 0, refused: 0 }, []])
    for (const key of Object.keys(values)) {
      expect(historyOf(into, `meter/${key}`)).toStrictEqual(historyOf(from, `meter/${key}`))
    }
    expect((await imported(csv, into)).report).toEqual({ taken: 0, duplicates: many, refused: 0 })
  })

  it('is of the tags and the time that are asked for', async () => {
    const csv = await exported(await recorded(), ['meter/on'], 'csv', { from: START + 1, to: START + 200 })
    expect(csv).toBe(
      `tag,sourceTime,value,type,status,serverTime
meter/on,2026-07-23T10:00:00.001Z,false,Boolean,Good,2026-07-23T10:00:00.020Z
meter/on,2026-07-23T10:00:00.100Z,,Boolean,BadDecodingError,2026-07-23T10:00:00.120Z
`,
    )
  })

  it('is InfluxDB line protocol where that is wished', async () => {
    const lines = (await exported(await recorded(), ['meter/count', 'meter/text'], 'line')).split('\n')
    expect(lines[0]).toBe(
      `penstock,tag=meter/count,type=UInt64 value=18446744073709551615u,status="Good",received=${START + 20}i ${START}000000`,
    )
    expect(lines[2]).toBe(
      `penstock,tag=meter/count,type=UInt64 status="BadDecodingError",received=${START + 120}i ${START + 100}000000`,
    )
    expect(lines[6]).toContain('value="a \\"b\\", c"')
  })

  it('is not of a tag that nobody knows', async () => {
    await expect(exported(await recorded(), ['meter/none'])).rejects.toMatchObject({ exitCode: ExitCode.unknownNode })
  })
})

describe('a row that cannot be taken', () => {
  it('is told by its line, and keeps no other from being taken', async () => {
    const { into, report, notices } = await imported(
      [
        'sourceTime,tag,type,value,status,note',
        '2026-07-23T10:00:00Z,meter/t,Double,1,Good,',
        '2026-07-23T10:00:01Z,meter,Double,1,Good,',
        '2026-07-23T10:00:02Z,meter/t,Duble,1,Good,',
        'today,meter/t,Double,1,Good,"a note',
        'of two lines"',
        '2026-07-23T10:00:03Z,meter/t,Int16,1.5,Good,',
        '2026-07-23T10:00:04Z,meter/t,Int16[2],[1],Good,',
        '2026-07-23T10:00:05Z,meter/t,Double,1,Fine,',
        '2026-07-23T10:00:06Z,meter/t,Double,,Good,',
        '2026-07-23T10:00:07Z,meter/t,Double,2,0x40940000,',
        '07/08/2026,meter/t,Double,1,Good,',
        '2026-07-23 10:00,meter/t,Double,1,Good,',
        '2099-07-23T10:00:00Z,meter/t,Double,1,Good,',
      ].join('\r\n'),
    )
    expect(report).toEqual({ taken: 2, duplicates: 0, refused: 10 })
    expect(notices.map((notice) => notice.split(' ', 3).slice(0, 3).join(' '))).toEqual([
      ...['line 3: tag', 'line 4: type', 'line 5: sourceTime', 'line 7: value', 'line 8: value'],
      ...['line 9: status', 'line 10: it', 'line 12: sourceTime', 'line 13: sourceTime', 'line 14: sourceTime'],
    ])
    expect(historyOf(into, 'meter/t').map(({ value, serverTime }) => [value, serverTime])).toEqual([
      [1, START + 1_000],
      [2, START + 1_000],
    ])
  })

  it('is told in number where there are many', async () => {
    const rows = Array.from({ length: 30 }, () => 'x')
    const { report, notices } = await imported(['tag,sourceTime,value,type,status', ...rows].join('\n'))
    expect([report.refused, notices.length, notices.at(-1)]).toEqual([30, 21, 'and 10 more lines that cannot be taken'])
  })
})

it('a file without the columns is refused before anything is taken', async () => {
  await expect(imported('time,value\n1,2\n')).rejects.toMatchObject({ exitCode: ExitCode.usage })
  await expect(imported('')).rejects.toMatchObject({ exitCode: ExitCode.usage })
  await expect(imported('tag,sourceTime,value,type,status\n"a')).rejects.toThrow('line 2: a quote is not closed')
})

it('a data folder whose gateway runs is left alone', async () => {
  const into = folder()
  const lock = lockDataFolder(into)
  await expect(imported('tag,sourceTime,value,type,status\n', into)).rejects.toMatchObject({
    code: 'DATA_FOLDER_LOCKED',
  })
  lock.release()
})
