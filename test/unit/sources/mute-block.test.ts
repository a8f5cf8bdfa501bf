import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { ModbusDeviceConfig, TagConfig } from '../../../src/core/plant.ts'
import { statusName } from '../../../src/core/status-code.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import type { FieldDriver } from '../../../src/sources/driver.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, source, tag } from '../../support/modbus-plant.ts'
import { noWrites } from '../../support/no-writes.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const MINUTE = 60_000
const level = tag('level', { type: 'Double', address: 'holding:0' })
const serial = tag('serial', { type: 'Double', address: 'holding:900', pollMs: 10_000 })

describe('a device that answers for some of its addresses only', () => {
  let clock: ManualClock
  let bus: ScriptedBus
  let context: RecordingContext
  let pipeline: Pipeline
  let polled: PolledSource<Block, ModbusDeviceConfig>
  /** Every status that each tag had, in order. */
  let statuses: Map<string, string[]>
  let warnings: object[]

  const begin = (tags: readonly TagConfig[], driver: FieldDriver<Block, ModbusDeviceConfig> = bus) => {
    const config = source([device('pump', { tags })])
    const indexing = new TagIndexing({ sources: [config] })
    pipeline = new Pipeline(indexing.present, clock)
    pipeline.start()
    statuses = new Map(tags.map(({ key }) => [key, []]))
    pipeline.listen({
      changed: (index) => {
        const seen = statuses.get(indexing.tags[index]?.tag.key ?? '')
        const status = statusName(pipeline.table.status[index] ?? 0)
        if (seen && seen.at(-1) !== status) seen.push(status)
      },
    })
    polled = new PolledSource({
      config,
      devices: config.devices.map((each) => ({ device: each, tags: indexing.ofDevice(each.key) })),
      driver,
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context: {
        clock,
        sink: pipeline,
        log: { ...silentLogger, warn: (fields) => void warnings.push(fields) },
        random: context.random,
        secret: context.secret,
        commands: context.commands,
        memory: context.memory,
        connects: context.connects,
        offers: context.offers,
        values: context.values,
        report: context.report,
      },
    })
    polled.start()
  }

  beforeEach(() => {
    clock = new ManualClock()
    bus = new ScriptedBus(clock)
    context = new RecordingContext(clock)
    warnings = []
  })
  afterEach(async () => {
    await polled.stop()
    pipeline.stop()
  })

  it('keeps the tags that it answers for good all the time', async () => {
    bus.mute.add('serial')
    begin([level, serial])
    await clock.advance(10 * MINUTE)
    expect(statuses.get('level')).toEqual(['Good'])
    expect(statuses.get('serial')).toEqual(['BadNoCommunication'])
    expect(bus.reads.filter(({ tags }) => tags.includes('level')).length).toBeGreaterThanOrEqual(590)
  })

  it('says which addresses are mute, on the device, on the source and in the log', async () => {
    bus.mute.add('serial')
    begin([level, serial])
    await clock.advance(10 * MINUTE)
    expect(context.devices.get('pump')).toEqual({ state: 'online', reason: expect.stringContaining('holding:900') })
    expect(context.states.at(-1)).toEqual({ state: 'degraded', reason: expect.stringContaining('holding:900') })
    expect(warnings).toEqual([expect.objectContaining({ device: 'pump', addresses: 'holding:900' })])
  })

  it('asks for them ever more rarely, and reads on as soon as they are answered', async () => {
    bus.mute.add('serial')
    begin([level, serial])
    await clock.advance(10 * MINUTE)
    const asked = bus.reads.filter(({ tags, at }) => tags.includes('serial') && at > 5 * MINUTE).length
    expect(asked).toBeGreaterThanOrEqual(4)
    expect(asked).toBeLessThanOrEqual(10)
    bus.mute.clear()
    await clock.advance(1.5 * MINUTE)
    expect(statuses.get('serial')?.at(-1)).toBe('Good')
    expect(context.devices.get('pump')).toEqual({ state: 'online', reason: '' })
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: '' })
  })

  it('still asks for them where its own cycles leave no time between them', async () => {
    bus.latencyMs = 400
    bus.mute.add('serial')
    const others = ['b', 'c', 'd'].map((key) => tag(key, { type: 'Double', address: 'holding:0' }))
    begin([level, ...others, serial])
    await clock.advance(5 * MINUTE)
    bus.mute.clear()
    await clock.advance(2 * MINUTE)
    expect(statuses.get('serial')?.at(-1)).toBe('Good')
  })

  it('is dead all the same when it answers for nothing any more', async () => {
    bus.mute.add('serial')
    begin([level, serial])
    await clock.advance(5 * MINUTE)
    bus.mute.add('pump')
    await clock.advance(30 * MINUTE)
    expect(context.devices.get('pump')?.state).toBe('offline')
    expect(statuses.get('level')).toEqual(['Good', 'UncertainNoCommunicationLastUsableValue', 'BadNoCommunication'])
  })

  it('does not leave values uncertain for ever that came just before the rest was not answered', async () => {
    let alive = true
    const halves: FieldDriver<Block, ModbusDeviceConfig> = {
      ...noWrites,
      plan: (of, groups) => groups.map(({ tags }) => [{ device: of.device.key, tags }]),
      connect: async () => ({
        ended: new Promise<never>(() => undefined),
        ...noWrites,
        close: async () => undefined,
        read: (block, sink, within = 1_000) =>
          new Promise((_, reject) => {
            const [first] = block.tags
            if (alive && first) sink.polled(first.index, 1)
            clock.after(within, () => reject(new PenstockError('TIMEOUT', 'no answer')))
          }),
      }),
    }
    begin([level, { ...serial, pollMs: 1_000 }], halves)
    await clock.advance(2 * MINUTE)
    alive = false
    await clock.advance(60 * MINUTE)
    expect(statuses.get('level')?.at(-1)).toBe('BadNoCommunication')
    expect(context.devices.get('pump')?.state).toBe('offline')
  })
})
