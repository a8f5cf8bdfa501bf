import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CalibrationReport } from '../../src/core/calibration.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Actor } from '../../src/core/command.ts'
import { silentLogger } from '../../src/core/logger.ts'
import type { Plant } from '../../src/core/plant.ts'
import { Engine } from '../../src/engine/engine.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import type { SourceTypes } from '../../src/sources/supervisor.ts'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { commandSettings } from '../support/command-rig.ts'
import { FaultServer, frame } from '../support/modbus-fault-server.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'

/** A device that is measured while the gateway runs; it has registers 0 to 29, and bears 12 at once. */
const by: Actor = { user: 'carl', origin: 'http' }
const KEY = 'line'

let device: FaultServer
let asked: { readonly start: number; readonly count: number }[]
let most: number
let folder: string
let engine: Engine

const plantWith = (name: string): Plant =>
  aPlant(
    [
      aModbusDevice(
        'pump',
        Array.from({ length: 10 }, (_, at) => aTag(`t${at}`, { address: `holding:${at}`, type: 'UInt16', name })),
        { pollMs: 50, forbidden: ['holding:20-29'] },
      ),
    ],
    { port: device.port, key: KEY },
  )

beforeEach(async () => {
  asked = []
  most = 0
  device = await FaultServer.start(({ socket, start, count, right, unitId, functionCode, transactionId }) => {
    asked.push({ start, count })
    most = Math.max(most, device.connections)
    const refused = count > 12 ? 3 : start + count > 30 ? 2 : undefined
    socket.write(refused === undefined ? right : frame(transactionId, Buffer.of(unitId, functionCode | 0x80, refused)))
  })
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  engine = new Engine({
    plant: plantWith('before'),
    types: { modbus: modbusSource } as unknown as SourceTypes,
    database: openHistoryDatabase(folder),
    templates: [],
    history: { keepMs: 86_400_000 },
    penstock: openPenstockDatabase(folder),
    commands: commandSettings,
    audit: { keepMs: 86_400_000, maxRows: 10_000, schedule: '20 3 * * *' },
    onFatal: (error) => {
      throw error
    },
    clock: systemClock,
    log: silentLogger,
    secret: () => undefined,
    random: Math.random,
  })
  await engine.start()
  await expect.poll(state).toBe('connected')
})
afterEach(async () => {
  await engine.stop()
  await device.stop()
  rmSync(folder, { recursive: true })
})

const state = () => engine.health().sources[0]?.state
const begin = (more: object = {}) => engine.calibrate({ source: KEY, mostRequests: 500, seconds: 60, by, ...more })
const report = () => engine.calibration(KEY) as CalibrationReport
/** It has sent something over its own connection. */
const isUnderWay = () => expect.poll(() => report().requests).toBeGreaterThan(0)

describe('a calibration while the gateway runs', () => {
  it('measures the device with its source off the line, which then polls again by itself', async () => {
    expect(begin()).toMatchObject({ state: 'running', device: 'pump', by: 'carl', ranges: ['holding:0-9'] })
    expect(begin()).toMatchObject({ problem: 'busy' })
    await isUnderWay()
    const reason = expect.stringContaining('calibrated')
    const devices = [{ key: 'pump', state: 'unknown', reason }]
    expect(engine.health().sources[0]).toMatchObject({ state: 'stopped', reason, devices })
    await expect.poll(() => report().state, { timeout: 20_000 }).toBe('done')
    expect(report().findings).toContainEqual({ what: 'registers at once', words: '12, which is its limit' })
    expect(report().proposal).toMatchObject({ source: { timeout: '200ms' }, device: { maxRegisters: 12 } })
    await expect.poll(state).toBe('connected')
    expect(most).toBe(1)
    // What the configuration forbids is not asked for, however near it lies.
    expect(asked.filter(({ start, count }) => start + count > 20)).toEqual([])
    expect(engine.audit(10).map(({ action, by: { user } }) => `${action} ${user}`)).toEqual([
      'calibration.end carl',
      'calibration.begin carl',
    ])
  }, 30_000)

  it('leaves the device alone at once when it is cancelled, and proposes nothing', async () => {
    begin()
    await isUnderWay()
    const { requests } = engine.cancelCalibration(KEY, { ...by, user: 'cora' }) as CalibrationReport
    await expect.poll(() => report().state).toBe('cancelled')
    expect(report()).toMatchObject({ requests, reason: 'Cancelled by cora.', findings: [] })
    expect(report().proposal).toBeUndefined()
    await expect.poll(state).toBe('connected')
    expect(engine.cancelCalibration(KEY, by)).toBeUndefined()
    expect(engine.audit(10).map(({ action, by: { user } }) => `${action} ${user}`)).toEqual([
      'calibration.end carl',
      'calibration.cancel cora',
      'calibration.begin carl',
    ])
  })

  it('gives way to a change of its source, which is live at once', async () => {
    begin()
    await isUnderWay()
    await engine.changePlant({ plant: plantWith('after'), templates: [] })
    expect(report()).toMatchObject({ state: 'cancelled', reason: 'The source was changed.' })
    await expect.poll(state).toBe('connected')
  })

  it('ends with the engine', async () => {
    begin()
    await isUnderWay()
    await engine.stop()
    expect(report()).toMatchObject({ state: 'cancelled', reason: 'The gateway ended.' })
    await expect.poll(() => device.connections).toBe(0)
  })

  it('ends at its bounds, with what was found until then', async () => {
    begin({ mostRequests: 20 })
    await expect.poll(() => report().state, { timeout: 10_000 }).toBe('ended')
    expect(report()).toMatchObject({ requests: 20, reason: '20 requests were sent', proposal: { device: {} } })
  })

  it('says what is wrong with what is asked before anything stops', () => {
    expect(begin({ source: 'lime' })).toMatchObject({ problem: 'unknown' })
    expect(begin({ device: 'ghost' })).toMatchObject({ problem: 'unknown' })
    expect(begin({ ranges: ['holding:9-3'] })).toMatchObject({ problem: 'invalid' })
    const forbidden = expect.stringContaining('holding:20-29, which the device has as `forbidden`')
    expect(begin({ ranges: ['holding:15-25'] })).toMatchObject({ problem: 'invalid', error: forbidden })
    expect(state()).toBe('connected')
  })
})
