import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { backUp, restore, verify } from '../../../src/store/backup.ts'
import { BackupSchedule } from '../../../src/store/backup-schedule.ts'
import { ConfigurationVersions } from '../../../src/store/configuration-versions.ts'
import { lockDataFolder } from '../../../src/store/data-folder-lock.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { historyRun, valuesOf } from '../../support/history-run.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag } from '../../support/small-plant.ts'

const NOW = Date.UTC(2026, 10, 21, 2, 30)
const HOUR = 3_600_000
let root: string
let data: string
let into: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'penstock-backup-'))
  data = join(root, 'data')
  into = join(root, 'backup')
  mkdirSync(data)
})
afterEach(() => rmSync(root, { recursive: true }))

const take = (now = NOW, keep?: number) => backUp({ dataFolder: data, into, keep, now, program: '0.1.0' })
const back = (backup: string, dataFolder: string, replace = false) => restore({ backup, dataFolder, replace, now: NOW })

/** A data folder with one version of the configuration, three values and a key, whose gateway still runs. */
function runningGateway() {
  const database = openPenstockDatabase(data)
  const by = { user: 'olga', origin: 'cli' } as const
  new ConfigurationVersions(database).add({ at: NOW, by, comment: 'first', text: 'sources: []', changes: [] })
  mkdirSync(join(data, 'pki', 'own'), { recursive: true })
  writeFileSync(join(data, 'pki', 'own', 'key.pem'), 'secret', { mode: 0o600 })
  const run = historyRun(data, [aTag('level', { history: 'every' })])
  const record = async (...values: number[]) => {
    for (const value of values) {
      run.pipeline.polled(0, value)
      await run.clock.advance(1_500)
    }
  }
  const end = async () => {
    await run.close()
    database.close()
  }
  return { record, end }
}

describe('a backup', () => {
  it('that is taken while the gateway writes has everything that was committed, and brings it back', async () => {
    const gateway = runningGateway()
    await gateway.record(1, 2, 3)
    const { backup, files } = take()
    await gateway.record(4)
    await gateway.end()
    expect(files).toBe(3)
    expect(backup).toBe(join(into, 'penstock-20261121T023000Z'))
    expect(verify(backup)).toMatchObject({ files: 3, at: '2026-11-21T02:30:00.000Z' })

    const fresh = join(root, 'fresh')
    expect(back(backup, fresh)).toEqual({ at: '2026-11-21T02:30:00.000Z', movedTo: undefined })
    expect(valuesOf(fresh, 'meter/level')).toEqual([1, 2, 3])
    const database = openPenstockDatabase(fresh)
    expect(new ConfigurationVersions(database).newest).toMatchObject({ id: 1, comment: 'first' })
    database.close()
    expect(readFileSync(join(fresh, 'pki', 'own', 'key.pem'), 'utf8')).toBe('secret')
  })

  it('is readable for its owner only', async () => {
    await runningGateway().end()
    const { backup } = take()
    for (const path of ['', 'history.db', 'penstock.db', 'pki/own/key.pem', 'backup.json']) {
      expect(statSync(join(backup, path)).mode & 0o077, path).toBe(0)
    }
  })

  it.each([
    ['a database', 'history.db'],
    ['a key', 'pki/own/key.pem'],
  ])('in which one byte of %s turned is refused, and nothing is restored', async (_what, path) => {
    await runningGateway().end()
    const { backup } = take()
    const bytes = readFileSync(join(backup, path))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(join(backup, path), bytes)
    expect(() => verify(backup)).toThrow(/is not what was backed up.*BACKUP_FAILED/)
    const fresh = join(root, 'fresh')
    expect(() => back(backup, fresh)).toThrow(/BACKUP_FAILED/)
    expect(existsSync(fresh)).toBe(false)
  })

  it('from which a file is missing, or to which one was added, is refused', async () => {
    await runningGateway().end()
    const { backup } = take()
    writeFileSync(join(backup, 'more'), '')
    expect(() => verify(backup)).toThrow(/more is no part of the backup/)
    rmSync(join(backup, 'more'))
    rmSync(join(backup, 'history.db'))
    expect(() => verify(backup)).toThrow(/history\.db is missing/)
    rmSync(join(backup, 'backup.json'))
    expect(() => verify(backup)).toThrow(/no backup of Penstock/)
  })

  it('of a folder without data is refused, and leaves nothing behind', () => {
    expect(() => take()).toThrow(/holds no data of Penstock/)
    expect(existsSync(into)).toBe(false)
  })

  it('of the same second as another stands beside it', async () => {
    await runningGateway().end()
    const names = [take(), take(NOW + 10)].map(({ backup }) => backup.slice(into.length + 1))
    expect(names).toEqual(['penstock-20261121T023000Z', 'penstock-20261121T023001Z'])
  })

  it('makes room for itself: the oldest go, and what a crash left half-made', async () => {
    await runningGateway().end()
    for (let n = 0; n < 4; n++) take(NOW + n * HOUR, 3)
    mkdirSync(join(into, 'penstock-20261120T000000Z.partial'))
    writeFileSync(join(into, 'notes.txt'), 'of somebody else')
    expect(take(NOW + 4 * HOUR, 3).removed).toEqual(['penstock-20261121T033000Z'])
    expect(readdirSync(into).sort()).toEqual([
      'notes.txt',
      'penstock-20261121T043000Z',
      'penstock-20261121T053000Z',
      'penstock-20261121T063000Z',
    ])
  })
})

describe('a restore', () => {
  it('leaves a folder that holds data as it is, unless it is told to move that aside', async () => {
    const gateway = runningGateway()
    await gateway.record(1)
    const { backup } = take()
    await gateway.record(2)
    await gateway.end()
    expect(() => back(backup, data)).toThrow(/holds data .*--replace/)
    expect(valuesOf(data, 'meter/level')).toEqual([1, 2])
    const { movedTo } = back(backup, data, true)
    expect(valuesOf(data, 'meter/level')).toEqual([1])
    expect(valuesOf(movedTo ?? '', 'meter/level')).toEqual([1, 2])
  })

  it('is refused while a gateway runs on the folder', async () => {
    await runningGateway().end()
    const { backup } = take()
    const lock = lockDataFolder(data)
    expect(() => back(backup, data, true)).toThrow(/stop it .*DATA_FOLDER_LOCKED/)
    lock.release()
  })
})

describe('scheduled backups', () => {
  const scheduled = () =>
    new BackupSchedule({
      settings: { schedule: '30 2 * * *', folder: into, keep: 2 },
      dataFolder: data,
      program: '0.1.0',
      clock: new ManualClock(NOW),
      log: silentLogger,
    })

  it('are made in a thread of their own, and say when', async () => {
    await runningGateway().end()
    const schedule = scheduled()
    schedule.start()
    await Promise.all([schedule.now(), schedule.now()])
    await schedule.stop()
    expect(schedule.health).toEqual({ lastAt: NOW, reason: '' })
    expect(readdirSync(into)).toEqual(['penstock-20261121T023000Z'])
  })

  it('that fail say why, and go on', async () => {
    const schedule = scheduled()
    await schedule.now()
    expect(schedule.health).toMatchObject({ lastAt: null, reason: expect.stringContaining('holds no data') })
    await runningGateway().end()
    await schedule.now()
    expect(schedule.health).toEqual({ lastAt: NOW, reason: '' })
    await schedule.stop()
  })
})
