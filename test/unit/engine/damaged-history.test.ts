import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { SourceContext, SourceType } from '../../../src/sources/source.ts'
import type { SourceTypes } from '../../../src/sources/supervisor.ts'
import { openHistoryDatabase, prepareHistoryDatabase } from '../../../src/store/history-database.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { commandSettings } from '../../support/command-rig.ts'
import { historyOf } from '../../support/history-run.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const plant = aPlant([aModbusDevice('meter', [aTag('level', { history: 'every' })])])

/** An engine on the folder; its source is in the test's hands. */
async function anEngine(folder: string, onFatal: (error: unknown) => void) {
  let source: SourceContext | undefined
  const type: SourceType = {
    kind: 'modbus',
    validate: () => [],
    create: async (_config, _devices, context) => {
      source = context
      return { start: () => undefined, stop: async () => undefined }
    },
  }
  const clock = new ManualClock()
  const engine = new Engine({
    plant,
    types: { modbus: type } as unknown as SourceTypes,
    database: openHistoryDatabase(folder),
    templates: [],
    history: { keepMs: 86_400_000 },
    penstock: openPenstockDatabase(folder),
    commands: commandSettings,
    audit: { keepMs: 86_400_000, maxRows: 10_000, schedule: '20 3 * * *' },
    onFatal,
    clock,
    log: silentLogger,
    secret: () => undefined,
    random: Math.random,
  })
  await engine.start()
  return { engine, clock, source: source as SourceContext }
}

it('a page that has gone bad under a running engine has it begin anew with a fresh file, which is said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  const made = openHistoryDatabase(folder)
  const page = made.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'samples'").pluck().get()
  made.close()
  const file = openSync(join(folder, 'history.db'), 'r+')
  writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, ((page ?? 0) - 1) * 4_096)
  closeSync(file)

  const died = vi.fn()
  const first = await anEngine(folder, died)
  first.source.sink.polled(0, 1)
  await first.clock.advance(2_000)
  expect(died).toHaveBeenCalledWith(expect.objectContaining({ code: expect.stringContaining('SQLITE_CORRUPT') }))
  await first.engine.stop()

  const error = vi.fn()
  prepareHistoryDatabase(folder, Date.UTC(2026, 0, 2), { ...silentLogger, error })
  expect(error).toHaveBeenCalledOnce()
  expect(readdirSync(folder)).toContain('history.db.damaged-2026-01-02T000000.000Z')
  expect(existsSync(join(folder, 'history.db.is-damaged'))).toBe(false)
  const second = await anEngine(folder, died)
  second.source.sink.polled(0, 2)
  await second.clock.advance(2_000)
  await second.engine.stop()
  expect(historyOf(folder, 'meter/level').map(({ value }) => value)).toEqual([2])
  rmSync(folder, { recursive: true })
})
