import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientFailure, ExitCode } from '../../../src/cli/client/failure.ts'
import { ConfigurationRefused } from '../../../src/cli/configuration-refused.ts'
import { type HistoryFlags, history } from '../../../src/cli/history.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { historyRun } from '../../support/history-run.ts'
import { aTag } from '../../support/small-plant.ts'

let folder: string
const START = Date.UTC(2026, 6, 23, 10)
const { Good, BadDecodingError } = StatusCode

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  const tags = [aTag('level'), aTag('total', { type: 'UInt64' }), aTag('text', { type: 'String' }), aTag('empty')]
  const { writer, close } = historyRun(
    folder,
    tags.map((tag) => ({ ...tag, history: 'every' as const })),
  )
  for (let n = 0; n < 150; n++) writer.record(0, n / 2, Good, START + n * 1_000, START + n * 1_000 + 20)
  writer.record(1, 18_446_744_073_709_551_615n, Good, START, START)
  writer.record(1, undefined, BadDecodingError, START + 1, START + 1)
  writer.record(2, 'a "b",\nc', Good, START, START)
  await close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(tag: string, flags: Partial<HistoryFlags> = {}) {
  const lines: string[] = []
  const notices: string[] = []
  const out = { line: (text: string) => void lines.push(text), notice: (text: string) => void notices.push(text) }
  const code = history(tag, { config: 'none.yaml', data: folder, ...flags }, {}, out)
  return { code, lines, notices }
}

describe('penstock history', () => {
  it('prints time, value and status of the newest hundred, oldest first', () => {
    const { code, lines } = run('meter/level')
    expect([code, lines.length]).toEqual([ExitCode.ok, 100])
    expect(lines[0]).toMatch(/^2026-07-23T10:00:50\.000Z {2}25 +Good$/)
    expect(lines.at(-1)).toMatch(/^2026-07-23T10:02:29\.000Z {2}74\.5 +Good$/)
  })

  it('prints what lies within the bounds: the first time is included, the last is not', () => {
    const { lines } = run('meter/level', { from: '2026-07-23T12:00:10+02:00', to: '2026-07-23T10:00:12Z' })
    expect(lines.map((line) => line.slice(11, 19))).toEqual(['10:00:10', '10:00:11'])
    expect(run('meter/level', { from: '2026-07-23' }).lines).toHaveLength(150)
    expect(run('meter/level', { from: '2026-07-23', last: '3' }).lines).toHaveLength(3)
  })

  it('prints 64-bit integers with all their digits, and no value where there was none', () => {
    expect(run('meter/total').lines.map((line) => line.split(/ {2,}/).slice(1))).toEqual([
      ['18446744073709551615', 'Good'],
      ['-', 'BadDecodingError'],
    ])
    expect(run('meter/total', { json: true }).lines.map((line) => JSON.parse(line) as object)).toEqual([
      {
        sourceTime: '2026-07-23T10:00:00.000Z',
        value: '18446744073709551615',
        type: 'UInt64',
        status: 'Good',
        serverTime: '2026-07-23T10:00:00.000Z',
      },
      expect.objectContaining({ value: null, status: 'BadDecodingError' }),
    ])
  })

  it('writes CSV that spreadsheets read, and one line of text a value', () => {
    expect(run('meter/text', { csv: true }).lines).toEqual([
      'sourceTime,value,type,status,serverTime',
      '2026-07-23T10:00:00.000Z,"a ""b"",\nc",String,Good,2026-07-23T10:00:00.000Z',
    ])
    expect(run('meter/text').lines).toEqual([expect.stringContaining('a "b", c')])
  })

  it('says that a tag has no values, which is no error', () => {
    expect(run('meter/empty')).toMatchObject({
      code: ExitCode.ok,
      lines: [],
      notices: [expect.stringContaining('no values')],
    })
  })

  it('proposes the nearest names for a tag that it does not know', () => {
    expect(() => run('meter/levle')).toThrow(/knows no tag meter\/levle\. Did you mean meter\/level/)
    expect(() => run('zzzzzzzzzzzzzzzz')).toThrow(/A tag is named device\/tag/)
    expect(() => run('meter/levle')).toThrow(expect.objectContaining({ exitCode: ExitCode.unknownNode }))
  })

  it.each([
    [{ last: '0' }, /--last 0 is not a whole number/],
    [{ last: '5x' }, /--last 5x/],
    [{ from: 'yesterday' }, /--from yesterday is not a time of ISO 8601, such as 2026/],
    [{ to: '10' }, /--to 10/],
    [{ json: true, csv: true }, /exclude each other/],
    [{ data: '/nonexistent' }, /holds no history: give the data folder with --data/],
  ])('refuses %j', (flags, message) => {
    expect(() => run('meter/level', flags)).toThrow(message)
    expect(() => run('meter/level', flags)).toThrow(ClientFailure)
  })

  it('finds the data folder in the configuration, whatever secrets that needs', () => {
    const config = join(folder, 'plant.yaml')
    writeFileSync(
      config,
      JSON.stringify({ gateway: { data: folder }, opcua: { users: [{ name: 'a', role: 'Observer' }] }, sources: [] }),
    )
    expect(run('meter/total', { data: undefined, config }).lines).toHaveLength(2)
    writeFileSync(config, 'gateway: 5')
    expect(() => run('meter/total', { data: undefined, config })).toThrow(ConfigurationRefused)
    expect(() => run('meter/total', { data: undefined, config: join(folder, 'none.yaml') })).toThrow(
      ConfigurationRefused,
    )
  })
})
