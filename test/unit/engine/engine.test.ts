import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { CommandRecord } from '../../../src/core/command.ts'
import type { CommandOutlet } from '../../../src/core/command-outlet.ts'
import type { SourceHealth } from '../../../src/core/health.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import type { Plant } from '../../../src/core/plant.ts'
import type { PlantChange } from '../../../src/core/plant-change.ts'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { statusName } from '../../../src/core/status-code.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { FromEngine, ToEngine } from '../../../src/link/contract.ts'
import { Link } from '../../../src/link/link.ts'
import type { SourceContext, SourceType } from '../../../src/sources/source.ts'
import type { SourceTypes } from '../../../src/sources/supervisor.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { commandSettings } from '../../support/command-rig.ts'
import { HeldOutlet } from '../../support/held-outlet.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const plant: Plant = {
  sources: [
    ...aPlant([aModbusDevice('pump', [aTag('speed'), aTag('flow')])]).sources,
    ...aPlant([aModbusDevice('tank', [aTag('level')])], { key: 'other' }).sources,
  ],
}

/** An engine whose sources are in the test's hands, by key. */
async function anEngine(start: (key: string) => void = () => undefined, outlet?: CommandOutlet, safeMode = false) {
  const contexts = new Map<string, SourceContext>()
  const life: string[] = []
  const type: SourceType = {
    kind: 'modbus',
    validate: () => [],
    create: (config, _devices, context) => {
      contexts.set(config.key, context)
      return Promise.resolve({
        start: () => {
          life.push(`${config.key} starts`)
          start(config.key)
        },
        stop: async () => {
          life.push(`${config.key} stops`)
        },
        ...(outlet ? { outlet } : {}),
      })
    },
  }
  const database = openHistoryDatabase(folder)
  const engine = new Engine({
    plant,
    types: { modbus: type, s7: type, chirpstack: type } as unknown as SourceTypes,
    database,
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
    safeMode,
  })
  await engine.start()
  return { engine, life, database, source: (key: string) => contexts.get(key) as SourceContext }
}

async function aSubscriber(engine: Engine) {
  const { port1, port2 } = new MessageChannel()
  const rows: [number, number, string][] = []
  const states: (readonly SourceHealth[])[] = []
  const changes: PlantChange[] = []
  const commands: CommandRecord[] = []
  const onEnd = vi.fn()
  const link = new Link<ToEngine, FromEngine>({
    port: port1,
    clock: systemClock,
    serves: {
      changePlant: ({ change }) => {
        changes.push(change)
        return null
      },
    },
    hears: { sources: (health) => states.push(health), commands: (news) => commands.push(...news) },
    onEnd,
    onBatch: ({ count, tag, bits, status }) => {
      for (let row = 0; row < count; row++) {
        rows.push([tag[row] as number, bits[row] as number, statusName(status[row] as number)])
      }
    },
  })
  engine.attach(port2)
  const { revision } = await link.ask('plant', null)
  expect(await link.ask('subscribe', { revision })).toBe(true)
  return { link, rows, states, changes, commands, onEnd }
}

it('a room that subscribes gets every tag as it is, then each change', async () => {
  const { engine, source } = await anEngine()
  source('line').sink.polled(0, 1.5)
  const { link, rows } = await aSubscriber(engine)
  expect(await link.ask('plant', null)).toMatchObject({ plant })
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

it('a room that was too busy for a while gets the latest value although nothing changes any more', async () => {
  const { engine, source } = await anEngine()
  const { port1, port2 } = new MessageChannel()
  engine.attach(port2)
  const seen: number[] = []
  let busy = true
  // The other end of a link whose event loop stands still: what comes is not taken, and no credit goes back.
  port1.on('message', (message: { kind: string; batch: SampleBatch }) => {
    if (message.kind !== 'batch') return
    seen.push(message.batch.bits[message.batch.count - 1] as number)
    if (!busy) port1.postMessage({ kind: 'credit', batches: 1 })
  })
  port1.postMessage({ kind: 'ask', id: 1, name: 'subscribe', argument: { revision: 0 } })
  await vi.waitFor(() => expect(seen).toHaveLength(1))
  for (let value = 1; value <= 40; value++) {
    source('line').sink.polled(0, value)
    await new Promise((resolve) => setTimeout(resolve, 12))
  }
  expect(seen.at(-1)).toBeLessThan(40)
  busy = false
  port1.postMessage({ kind: 'credit', batches: seen.length })
  await vi.waitFor(() => expect(seen.at(-1)).toBe(40))
  port1.close()
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

describe('a plant that changes', () => {
  const [line, other] = plant.sources as [Plant['sources'][0], Plant['sources'][0]]
  const withFan = {
    sources: [line, { ...other, devices: [...other.devices, aModbusDevice('fan', [aTag('power')])] } as typeof other],
  }

  it('is told to a room before the values of its new tags', async () => {
    const { engine, source } = await anEngine()
    const { rows, changes } = await aSubscriber(engine)
    await vi.waitFor(() => expect(rows).toHaveLength(3))
    await engine.changePlant({ plant: withFan, templates: [] })
    expect(changes.flatMap(({ devices }) => devices.map(({ device }) => device.key))).toEqual(['fan'])
    source('other').sink.polled(3, 8)
    await vi.waitFor(() =>
      expect(rows.slice(3)).toEqual([
        [3, 0, 'BadWaitingForInitialData'],
        [3, 8, 'Good'],
      ]),
    )
    expect(engine.health()).toMatchObject({ tags: 4 })
    await engine.stop()
  })

  it('disturbs no source but those that it touches', async () => {
    const { engine, life } = await anEngine()
    life.length = 0
    await engine.changePlant({ plant: withFan, templates: [] })
    expect(life).toEqual(['other stops', 'other starts'])
    await engine.changePlant({ plant: { sources: [line] }, templates: [] })
    expect(life.slice(2)).toEqual(['other stops'])
    expect(engine.health().sources.map(({ key }) => key)).toEqual(['line'])
    await engine.stop()
  })

  it('keeps what its sources have counted and what is known of the other devices', async () => {
    const { engine, source } = await anEngine()
    source('other').report.count('requests', 7)
    source('other').report.device('tank', 'online')
    await engine.changePlant({ plant: withFan, templates: [] })
    expect(engine.health().sources[1]).toMatchObject({
      counters: { requests: 7 },
      devices: [
        { key: 'tank', state: 'online' },
        { key: 'fan', state: 'unknown' },
      ],
    })
    await engine.stop()
  })

  it('refuses a room that has seen an earlier one, which then asks again', async () => {
    const { engine } = await anEngine()
    const { link } = await aSubscriber(engine)
    await engine.changePlant({ plant: withFan, templates: [] })
    expect(await link.ask('subscribe', { revision: 0 })).toBe(false)
    const { revision, ids } = await link.ask('plant', null)
    expect(ids).toEqual(['pump/speed', 'pump/flow', 'tank/level', 'fan/power'])
    expect(await link.ask('subscribe', { revision })).toBe(true)
    await engine.stop()
  })

  it('goes on where the disk cannot be written: every source runs, and the new tags are served', async () => {
    const { engine, life, source, database } = await anEngine()
    database.pragma('query_only = ON')
    life.length = 0
    await engine.changePlant({ plant: withFan, templates: [] })
    expect(life).toEqual(['other stops', 'other starts'])
    source('other').sink.polled(3, 8)
    const { rows } = await aSubscriber(engine)
    await vi.waitFor(() => expect(rows).toContainEqual([3, 8, 'Good']))
    await vi.waitFor(() => expect(engine.health().store.ok).toBe(false), { timeout: 5_000 })
    database.pragma('query_only = OFF')
    await vi.waitFor(() => expect(engine.health().store.ok).toBe(true), { timeout: 5_000 })
    expect(database.prepare('SELECT count(*) FROM last_values').pluck().get()).toBe(1)
    await engine.stop()
  })

  it('gives a device that comes back its last value, Uncertain until it speaks', async () => {
    const { engine, source } = await anEngine()
    source('other').sink.polled(2, 5)
    await vi.waitFor(() => expect(engine.health().store.lastCommitAt).not.toBeNull(), { timeout: 5_000 })
    await engine.changePlant({ plant: { sources: [line] }, templates: [] })
    await engine.changePlant({ plant: plant, templates: [] })
    const { rows } = await aSubscriber(engine)
    await vi.waitFor(() => expect(rows).toContainEqual([3, 5, 'UncertainLastUsableValue']))
    await engine.stop()
  })
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

it('tells a room of all devices when it subscribes, and then of those alone of which there is something new', async () => {
  const { engine, source } = await anEngine()
  source('line').report.device('pump', 'online')
  const { states } = await aSubscriber(engine)
  const devices = (told: readonly SourceHealth[] = []) => told.flatMap((each) => each.devices.map(({ key }) => key))
  await vi.waitFor(() => expect(states).toHaveLength(1))
  expect(devices(states[0])).toEqual(['pump', 'tank'])
  const { length } = states
  source('other').report.device('tank', 'offline', 'no answer')
  await vi.waitFor(() => expect(devices(states.slice(length).flat())).toContain('tank'))
  const quiet = states.length
  source('line').report.state('degraded', 'one of two')
  await vi.waitFor(() =>
    expect(states.slice(quiet).flat()).toContainEqual(expect.objectContaining({ state: 'degraded' })),
  )
  expect(devices(states.slice(quiet).flat())).toEqual([])
  const again = await aSubscriber(engine)
  await vi.waitFor(() => expect(devices(again.states[0])).toEqual(['pump', 'tank']))
  await engine.stop()
})

const writable: Plant = aPlant([aModbusDevice('pump', [aTag('speed', { access: 'readWrite' })])])
const write = (value: number) => ({
  device: 'pump',
  order: { kind: 'write', tag: 'speed', value } as const,
  by: { user: 'olga', origin: 'opcua' } as const,
})

describe('commands', () => {
  it('a room asks for one and hears what becomes of it; one that comes later hears of what goes on', async () => {
    const outlet = new HeldOutlet()
    const { engine } = await anEngine(undefined, outlet)
    await engine.changePlant({ plant: writable, templates: [] })
    const first = await aSubscriber(engine)
    const answer = await first.link.ask('command', write(5))
    expect(answer).toMatchObject({ accepted: { id: 1, state: 'queued', by: { user: 'olga' } } })
    await vi.waitFor(() => expect(first.commands.map(({ state }) => state)).toEqual(['queued', 'sending']))
    const later = await aSubscriber(engine)
    await vi.waitFor(() => expect(later.commands.map(({ state }) => state)).toEqual(['sending']))
    outlet.answer('pump', { state: 'confirmed' })
    await vi.waitFor(() => expect(later.commands.at(-1)).toMatchObject({ id: 1, state: 'confirmed' }))
    expect(engine.audit(10).map(({ action }) => action)).toEqual([
      'command.confirmed',
      'command.sending',
      'command.accept',
    ])
    await engine.stop()
  })

  it('one for a device that leaves while it waits is cancelled', async () => {
    const outlet = new HeldOutlet()
    const { engine } = await anEngine(undefined, outlet)
    await engine.changePlant({ plant: writable, templates: [] })
    const { link, commands } = await aSubscriber(engine)
    await link.ask('command', write(1))
    await link.ask('command', write(2))
    await vi.waitFor(() => expect(outlet.held.size).toBe(1))
    await engine.changePlant({ plant: { sources: [] }, templates: [] })
    await vi.waitFor(() => expect(commands.at(-1)).toMatchObject({ id: 2, state: 'cancelled' }))
    outlet.answer('pump', { state: 'queued', reason: 'Its source was stopped.' })
    await vi.waitFor(() => expect(engine.commands.find(1)?.command.state).toBe('cancelled'))
    await engine.stop()
  })

  it('a source that takes none refuses at once', async () => {
    const { engine } = await anEngine()
    await engine.changePlant({ plant: writable, templates: [] })
    const { link } = await aSubscriber(engine)
    const answer = await link.ask('command', write(1))
    expect('refused' in answer && statusName(answer.refused.status)).toBe('BadNotSupported')
    expect(await link.ask('cancelCommand', { id: 1, by: { user: 'olga', origin: 'opcua' } })).toHaveProperty('refused')
    await engine.stop()
  })
})

it('in safe mode no source begins, also not when the plant changes, and each says why; then all do, once', async () => {
  const { engine, life } = await anEngine(undefined, undefined, true)
  const { rows } = await aSubscriber(engine)
  await engine.changePlant({ plant: { sources: plant.sources.slice(0, 1) }, templates: [] })
  expect(life).toEqual([])
  expect(engine.health().sources.map(({ state }) => state)).toEqual(['stopped'])
  expect(engine.health().sources[0]?.reason).toContain('safe mode')
  await vi.waitFor(() => expect(rows.map(([, , status]) => status)).toContain('BadNoCommunication'), 10_000)
  await engine.releaseSources()
  await engine.releaseSources()
  expect(life).toEqual(['line starts'])
  await engine.stop()
})
