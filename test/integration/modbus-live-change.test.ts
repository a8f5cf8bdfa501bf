import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { Engine } from '../../src/engine/engine.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import type { SourceTypes } from '../../src/sources/supervisor.ts'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { commandSettings } from '../support/command-rig.ts'
import { FaultServer } from '../support/modbus-fault-server.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'

it('a tag that is changed while the gateway runs costs no device its connection or a poll', async () => {
  const sockets = new Set<unknown>()
  /** Requests by unit, and the last address asked of each. */
  const asked = new Map<number, { readonly times: number; readonly start: number }>()
  const server = await FaultServer.start(({ socket, unitId, start, right }) => {
    sockets.add(socket)
    asked.set(unitId, { times: (asked.get(unitId)?.times ?? 0) + 1, start })
    socket.write(right)
  })
  const folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  const plantWith = (address: string) =>
    aPlant(
      [
        aModbusDevice('pump', [aTag('speed', { address, type: 'UInt16' })], { pollMs: 100 }),
        aModbusDevice('tank', [aTag('level', { type: 'UInt16' })], { pollMs: 100, unitId: 2 }),
      ],
      { port: server.port },
    )
  const engine = new Engine({
    plant: plantWith('holding:5'),
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
  try {
    await expect.poll(() => asked.get(2)?.times).toBeGreaterThan(5)
    await engine.changePlant({ plant: plantWith('holding:40'), templates: [] })
    const before = asked.get(2)?.times ?? 0
    await expect.poll(() => asked.get(1)?.start).toBe(40)
    await expect.poll(() => asked.get(2)?.times).toBeGreaterThan(before + 5)
    expect(sockets.size).toBe(1)
    expect(engine.health().sources).toMatchObject([
      {
        state: 'connected',
        counters: { connects: 1, timeouts: 0 },
        devices: [
          { key: 'pump', state: 'online' },
          { key: 'tank', state: 'online' },
        ],
      },
    ])
  } finally {
    await engine.stop()
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})
