import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { Care, type SafeModeChoice } from '../../../src/gateway/care.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { aGatewayHealth } from '../../support/gateway-health.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const by = { user: 'local', origin: 'cli' } as const
let dataFolder: string
let database: ReturnType<typeof openPenstockDatabase>
let clock: ManualClock
let sources: string[]
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'penstock-care-'))
  database = openPenstockDatabase(dataFolder)
  clock = new ManualClock()
  sources = []
})
afterEach(() => {
  database.close()
  rmSync(dataFolder, { recursive: true, force: true })
})

/** A start of a gateway; it is never told that it dies. */
function start(choice: SafeModeChoice, release: () => Promise<void> = async () => undefined): Care {
  const room = { state: 'running', restarts: 0, lastRestart: '', failures: 0, silent: false, heapShare: 0 } as const
  const care = new Care({
    dataFolder,
    choice,
    rooms: {
      holdSources: () => sources.push('held'),
      releaseSources: async () => {
        sources.push('released')
        await release()
      },
      states: () => ({ engine: room, opcua: room }),
      tellAlarm: () => undefined,
    },
    health: async () => aGatewayHealth(),
    clock,
    log: silentLogger,
  })
  care.begin()
  return care
}

const isSafe = (care: Care) => {
  const { safeMode, ready, checks } = care.judged(aGatewayHealth())
  expect(ready).toBe(safeMode === null)
  expect(checks.find(({ name }) => name === 'safe-mode')?.state).toBe(safeMode ? 'failing' : 'ok')
  return safeMode !== null
}

describe('the sources of a gateway', () => {
  it('stay off at the sixth start when five of the last quarter of an hour ended without a proper end', () => {
    for (let crash = 0; crash < 5; crash++) expect(isSafe(start('auto'))).toBe(false)
    expect(isSafe(start('auto'))).toBe(true)
    expect(sources).toEqual(['held'])
  })

  it('begin again after a gateway in safe mode was stopped in order', () => {
    for (let crash = 0; crash < 5; crash++) start('auto')
    start('auto').stop()
    expect(isSafe(start('auto'))).toBe(false)
  })

  it('stay off by hand, and begin after a crash loop where that was said', () => {
    expect(isSafe(start('on'))).toBe(true)
    for (let crash = 0; crash < 6; crash++) start('auto')
    expect(isSafe(start('off'))).toBe(false)
  })

  it('are not looked after where starts are not counted', () => {
    for (let crash = 0; crash < 8; crash++) expect(isSafe(start(undefined))).toBe(false)
  })

  it('go off where the engine cannot stay up, unless that was forbidden', () => {
    const care = start('auto')
    care.engineUnstable('its heap was 90 % full')
    expect(isSafe(care)).toBe(true)
    expect(care.judged(aGatewayHealth()).safeMode?.reason).toContain('its heap was 90 % full')
    const forced = start('off')
    forced.engineUnstable('it threw')
    expect(isSafe(forced)).toBe(false)
  })

  it('begin when an administrator says so, which is in the audit log, also while the engine does not answer', async () => {
    const silent = async () => {
      throw new PenstockError('ROOM_UNAVAILABLE', 'The engine is being started')
    }
    const audit = new AuditLog(database)
    const care = start('on', silent)
    expect(await care.leaveSafeMode(by, audit)).toBe(true)
    expect(isSafe(care)).toBe(false)
    expect(sources).toEqual(['held', 'released'])
    expect(audit.page(5)).toEqual([expect.objectContaining({ action: 'safe-mode.leave', by })])
    expect(await care.leaveSafeMode(by, audit)).toBe(false)
    expect(audit.page(5)).toHaveLength(1)
  })
})
