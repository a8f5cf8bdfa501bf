import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { SourceHealth } from '../../../src/core/health.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { statusName } from '../../../src/core/status-code.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { FromEngine, ToEngine } from '../../../src/link/contract.ts'
import { Link } from '../../../src/link/link.ts'
import type { SourceContext, SourceType } from '../../../src/sources/source.ts'
import type { SourceTypes } from '../../../src/sources/supervisor.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const plant = {
  sources: [
    ...aPlant([aModbusDevice('pump', [aTag('speed'), aTag('flow')])]).sources,
    ...aPlant([aModbusDevice('tank', [aTag('level')])], { key: 'other' }).sources,
  ],
}

/** An engine whose sources are in the test's hands, by key. */
async function anEngine(start: (key: string) => void = () => undefined) {
  const contexts = new Map<string, SourceContext>()
  const type: SourceType = {
    kind: 'modbus',
    validate: () => [],
    create: (config, _devices, context) => {
      contexts.set(config.key, context)
      return Promise.resolve({ start: () => start(config.key), stop: async () => undefined })
    },
  }
  const engine = new Engine({
    plant,
    types: { modbus: type, s7: type, chirpstack: type } as unknown as SourceTypes,
    database: openHistoryDatabase(folder),
    history: { keepMs: 86_400_000 },
    clock: systemClock,
    log: silentLogger,
    secret: () => undefined,
    random: Math.random,
  })
  await engine.start()
  return { engine, source: (key: string) => contexts.get(key) as SourceContext }
}

async function aSubscriber(engine: Engine) {
  const { port1, port2 } = new MessageChannel()
  const rows: [number, number, string][] = []
  const states: (readonly SourceHealth[])[] = []
  const onEnd = vi.fn()
  const link = new Link<ToEngine, FromEngine>({
    port: port1,
    clock: systemClock,
    serves: {},
    hears: { sources: (health) => states.push(health) },
    onEnd,
    onBatch: ({ count, tag, bits, status }) => {
      for (let row = 0; row < count; row++) {
        rows.push([tag[row] as number, bits[row] as number, statusName(status[row] as number)])
      }
    },
  })
  engine.attach(port2)
  await link.ask('subscribe', null)
  return { link, rows, states, onEnd }
}

it('a room that subscribes gets every tag as it is, then each change', async () => {
  const { engine, source } = await anEngine()
  source('line').sink.polled(0, 1.5)
  const { link, rows } = await aSubscriber(engine)
  expect(await link.ask('plant', null)).toEqual(plant)
  await vi.waitFor(() => expect(rows).toHaveLength(3))
  expect(rows).toEqual([
    [0, 1.5, 'Good'],
    [1, 0, 'BadWaitingForInitialData'],
    [2, 0, 'BadWaitingForInitialData'],
  ])
  source('other').sink.polled(2, 7)
  await vi.waitFor(() => expect(rows.at(-1)).toEqual([2, 7, 'Good']))
  await engine.stop()
})

it('a room that subscribes again, after it lost the engine, gets everything again', async () => {
  const { engine } = await anEngine()
  const first = await aSubscriber(engine)
  await vi.waitFor(() => expect(first.rows).toHaveLength(3))
  first.link.close()
  const second = await aSubscriber(engine)
  await vi.waitFor(() => expect(second.rows).toHaveLength(3))
  await engine.stop()
})

it('the state of a source is told with its reason when it changes', async () => {
  const { engine, source } = await anEngine()
  const { states } = await aSubscriber(engine)
  source('line').report.state('backoff', 'meter at 10.0.0.7:502 does not answer')
  source('line').report.device('pump', 'offline', 'no answer')
  await vi.waitFor(() =>
    expect(states.at(-1)?.[0]).toMatchObject({
      key: 'line',
      state: 'backoff',
      reason: 'meter at 10.0.0.7:502 does not answer',
      devices: [{ key: 'pump', state: 'offline', reason: 'no answer' }],
    }),
  )
  await engine.stop()
})

it('a source that cannot be started is told as such and leaves the others alone', async () => {
  const { engine, source } = await anEngine((key) => {
    if (key === 'line') throw new Error('no such driver')
  })
  source('other').sink.polled(2, 7)
  const { rows } = await aSubscriber(engine)
  await vi.waitFor(() =>
    expect(rows.map(([, , status]) => status)).toEqual(['BadNoCommunication', 'BadNoCommunication', 'Good']),
  )
  expect(engine.health().sources[0]).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('no such driver'),
  })
  await engine.stop()
})

it('an engine that stops keeps what it knew for the next', async () => {
  const first = await anEngine()
  first.source('line').sink.polled(0, 42)
  const { onEnd } = await aSubscriber(first.engine)
  await first.engine.stop()
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce())

  const second = await anEngine()
  const { rows } = await aSubscriber(second.engine)
  await vi.waitFor(() => expect(rows[0]).toEqual([0, 42, 'UncertainLastUsableValue']))
  await second.engine.stop()
})
