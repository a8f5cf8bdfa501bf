import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import { Pipeline } from '../../../../src/core/pipeline.ts'
import type { ModbusDeviceConfig, TagConfig } from '../../../../src/core/plant.ts'
import { statusName } from '../../../../src/core/status-code.ts'
import { TagIndexing } from '../../../../src/core/tag-index.ts'
import { ModbusException } from '../../../../src/sources/modbus/exception.ts'
import { type ModbusBlock, planGroups } from '../../../../src/sources/modbus/read-plan.ts'
import { ModbusSession } from '../../../../src/sources/modbus/session.ts'
import { PolledSource } from '../../../../src/sources/poller.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { RecordingContext } from '../../../support/modbus-context.ts'
import { device, source, tag } from '../../../support/modbus-plant.ts'
import { Registers } from '../../../support/modbus-registers.ts'
import { noWrites } from '../../../support/no-writes.ts'

const MINUTE = 60_000
const level = tag('level', { type: 'UInt16', address: 'holding:7' })
const timeout = new PenstockError('TIMEOUT', 'no answer')

/** What clients see of the tags of a unit that is read once a second, whatever it answers. */
describe('the status of a Modbus tag', () => {
  let clock: ManualClock
  let context: RecordingContext
  let unit: Registers
  let unreachable: PenstockError | undefined
  let pipeline: Pipeline
  let indexing: TagIndexing
  let polled: PolledSource<ModbusBlock, ModbusDeviceConfig>

  const begin = (tags: readonly TagConfig[] = [level], fields: Partial<ModbusDeviceConfig> = {}) => {
    const config = source([device('plc', { tags, badAfterMs: 10 * MINUTE, ...fields })])
    indexing = new TagIndexing({ sources: [config] })
    pipeline = new Pipeline(indexing.present, clock)
    pipeline.start()
    const { log, memory, random, secret, report, connects, offers, values, commands } = context
    polled = new PolledSource({
      config,
      devices: config.devices.map((each) => ({ device: each, tags: indexing.ofDevice(each.key) })),
      driver: {
        ...noWrites,
        plan: planGroups,
        connect: async () => {
          if (unreachable) throw unreachable
          return new ModbusSession(unit, report)
        },
      },
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context: { clock, log, memory, random, secret, report, connects, offers, values, commands, sink: pipeline },
    })
    polled.start()
  }
  const status = (key = 'level') => statusName(pipeline.table.status[indexing.byId(`plc/${key}`)?.index ?? -1] ?? -1)
  const value = () => pipeline.table.value(0)
  const sourceTime = () => pipeline.table.sourceTime[0]

  beforeEach(() => {
    clock = new ManualClock()
    context = new RecordingContext(clock)
    unit = new Registers()
    unreachable = undefined
  })
  afterEach(async () => {
    await polled.stop()
    pipeline.stop()
  })

  it('is BadWaitingForInitialData before it is read, and Good from then on', async () => {
    begin()
    expect(status()).toBe('BadWaitingForInitialData')
    await clock.advance(100)
    expect([status(), value()]).toEqual(['Good', 7])
  })

  it('is BadNoCommunication while the unit was never reached', async () => {
    unit.fault = timeout
    begin()
    await clock.advance(MINUTE)
    expect(status()).toBe('BadNoCommunication')
  })

  it('is BadNoCommunication while there was never a connection', async () => {
    unreachable = new PenstockError('CONNECTION_LOST', 'refused')
    begin()
    await clock.advance(MINUTE)
    expect(status()).toBe('BadNoCommunication')
  })

  it('is UncertainNoCommunicationLastUsableValue, with value and time of the last answer, after one missed cycle', async () => {
    begin()
    await clock.advance(1_000)
    const last = sourceTime()
    unit.fault = timeout
    await clock.advance(1_000)
    expect(context.devices.get('plc')?.state).toBe('online')
    expect([status(), value(), sourceTime()]).toEqual(['UncertainNoCommunicationLastUsableValue', 7, last])
  })

  it('stays so while the breaker is open, and is BadNoCommunication from `badAfter` on', async () => {
    begin()
    await clock.advance(1_000)
    unit.fault = timeout
    await clock.advance(MINUTE)
    expect(context.devices.get('plc')?.state).toBe('offline')
    expect(status()).toBe('UncertainNoCommunicationLastUsableValue')
    await clock.advance(10 * MINUTE)
    expect(status()).toBe('BadNoCommunication')
  })

  it.each([
    [1, 'illegal function', 'BadNotSupported'],
    [2, 'illegal data address', 'BadConfigurationError'],
    [3, 'illegal data value', 'BadConfigurationError'],
    [4, 'server device failure', 'BadDeviceFailure'],
    [8, 'memory parity error', 'BadDeviceFailure'],
    [99, 'no code of the specification', 'BadDeviceFailure'],
  ])('after exception %i, %s, is %s at once, and Good when that has passed', async (code, _name, expected) => {
    begin()
    await clock.advance(1_500)
    unit.fault = new ModbusException(code, 1, 'plc:502')
    await clock.advance(2_000)
    expect(status()).toBe(expected)
    expect(context.devices.get('plc')?.state).toBe('online')
    unit.fault = undefined
    await clock.advance(3 * MINUTE)
    expect([status(), value()]).toEqual(['Good', 7])
  })

  it.each([
    [5, 'acknowledge'],
    [6, 'server device busy'],
  ])('after exception %i, %s, keeps its last value until that is stale', async (code) => {
    begin()
    await clock.advance(1_500)
    const last = sourceTime()
    unit.fault = new ModbusException(code, 1, 'plc:502')
    await clock.advance(2_000)
    expect([status(), value(), sourceTime()]).toEqual(['Good', 7, last])
    await clock.advance(10_000)
    expect([status(), value(), sourceTime()]).toEqual(['UncertainLastUsableValue', 7, last])
  })

  it.each([
    [10, 'gateway path unavailable'],
    [11, 'gateway target device failed to respond'],
  ])('after exception %i, %s, is as without communication', async (code) => {
    begin()
    await clock.advance(1_500)
    unit.fault = new ModbusException(code, 1, 'gateway:502')
    await clock.advance(1_500)
    expect([status(), value()]).toEqual(['UncertainNoCommunicationLastUsableValue', 7])
    await clock.advance(10_000)
    expect(context.devices.get('plc')?.state).toBe('offline')
    expect(context.states.at(-1)?.state).toBe('degraded')
  })

  it('is BadConfigurationError for the refused address alone', async () => {
    unit.missing.add(8)
    begin([level, tag('next', { type: 'UInt16', address: 'holding:8' })])
    await clock.advance(1_000)
    expect([status('level'), status('next')]).toEqual(['Good', 'BadConfigurationError'])
  })

  it('is BadDecodingError where what was read does not fit the type', async () => {
    begin([tag('level', { type: 'Byte', address: 'holding:300', encoding: 'uint16' })])
    await clock.advance(1_000)
    expect(status()).toBe('BadDecodingError')
  })

  it('is BadSensorFailure where what was read is no number', async () => {
    begin([tag('level', { type: 'Float', address: 'holding:32768' })])
    unit.read = async () => Buffer.from([0x7f, 0xc0, 0, 0])
    await clock.advance(1_000)
    expect(status()).toBe('BadSensorFailure')
  })

  it('is UncertainEngineeringUnitsExceeded outside its range', async () => {
    begin([{ ...level, range: { low: 0, high: 5 } }])
    await clock.advance(1_000)
    expect([status(), value()]).toEqual(['UncertainEngineeringUnitsExceeded', 7])
  })

  it('is BadOutOfService where the tag or its device is disabled', async () => {
    begin([{ ...level, disabled: true }, tag('next', { type: 'UInt16', address: 'holding:8' })])
    await clock.advance(1_000)
    expect([status('level'), status('next')]).toEqual(['BadOutOfService', 'Good'])
    await polled.stop()
    begin([level], { disabled: true })
    await clock.advance(1_000)
    expect(status()).toBe('BadOutOfService')
  })
})
