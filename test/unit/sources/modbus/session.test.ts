import { beforeEach, describe, expect, it } from 'vitest'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { ModbusException } from '../../../../src/sources/modbus/exception.ts'
import { type ModbusBlock, planReads } from '../../../../src/sources/modbus/read-plan.ts'
import { ModbusSession } from '../../../../src/sources/modbus/session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { RecordingContext } from '../../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../../support/modbus-plant.ts'
import { Registers } from '../../../support/modbus-registers.ts'

const register = (address: number) => tag(`r${address}`, { type: 'UInt16', address: `holding:${address}` })

describe('ModbusSession', () => {
  const clock = new ManualClock()
  let registers: Registers
  let context: RecordingContext
  let session: ModbusSession

  const blockOf = (...tags: TagConfig[]): ModbusBlock => {
    const [only] = devicesOf(source([device('meter', { tags })]))
    return planReads(only!, only!.tags)[0]!
  }
  const seen = (block: ModbusBlock) =>
    Object.fromEntries(
      block.tags.map(({ index, tag: { key } }) => {
        const last = context.sink.last.get(index)
        return [key, last?.status === 'Good' ? last.value : last?.status]
      }),
    )

  beforeEach(() => {
    registers = new Registers()
    context = new RecordingContext(clock)
    session = new ModbusSession(registers, context.report)
  })

  it('asks once, and gives a block that is refused for an address back in halves, its tags as they were', async () => {
    const block = blockOf(...[0, 1, 2, 3].map(register))
    await session.read(block, context.sink)
    registers.missing.add(2)
    registers.asked.length = 0
    const outcome = await session.read(block, context.sink)
    expect(registers.asked).toEqual([[0, 4]])
    expect(outcome).toMatchObject({
      kind: 'split',
      into: [
        { start: 0, count: 2 },
        { start: 2, count: 2 },
      ],
    })
    expect(seen(block)).toEqual({ r0: 0, r1: 1, r2: 2, r3: 3 })
  })

  it('gives the one address that the device does not have its status', async () => {
    registers.missing.add(5)
    const block = blockOf(register(5))
    expect(await session.read(block, context.sink)).toMatchObject({
      kind: 'refused',
      cause: { code: 'REQUEST_REFUSED' },
    })
    expect(seen(block)).toEqual({ r5: 'BadConfigurationError' })
  })

  it.each([
    [1, 'BadNotSupported'],
    [4, 'BadDeviceFailure'],
    [8, 'BadDeviceFailure'],
    [99, 'BadDeviceFailure'],
  ])('gives the tags of a request answered with exception %i the status %s', async (code, status) => {
    registers.fault = new ModbusException(code, 1, 'plc:502')
    const block = blockOf(register(0), register(1))
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ r0: status, r1: status })
    expect([context.counted('requests'), context.counted('refusals')]).toEqual([1, 1])
  })

  it.each([5, 6])(
    'keeps the last values of a device that is busy (exception %i), and never makes them 0',
    async (code) => {
      const block = blockOf(register(7))
      await session.read(block, context.sink)
      registers.fault = new ModbusException(code, 1, 'plc:502')
      await session.read(block, context.sink)
      expect(context.sink.polls.get(0)).toEqual([7])
      expect(seen(block)).toEqual({ r7: 7 })
    },
  )

  it.each([10, 11])(
    'treats a gateway that cannot reach the unit (exception %i) as a unit that is silent',
    async (code) => {
      registers.fault = new ModbusException(code, 1, 'plc:502')
      await expect(session.read(blockOf(register(7)), context.sink)).rejects.toMatchObject({ code: 'TIMEOUT' })
    },
  )

  it('reads bits of coils from their place in the answer', async () => {
    registers.read = async (_unit, _area, start, count) => {
      expect([start, count]).toEqual([3, 12])
      return Buffer.of(0b0000_0001, 0b0000_1000)
    }
    const coils = [3, 4, 13, 14].map((address) => tag(`c${address}`, { type: 'Boolean', address: `coil:${address}` }))
    const block = blockOf(...coils)
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ c3: true, c4: false, c13: false, c14: true })
  })

  it('gives a value that is none as a status of that tag alone', async () => {
    registers.read = async () => Buffer.of(0x7f, 0xc0, 0, 0, 0x41, 0x48, 0, 0)
    const floats = [0, 2].map((address) => tag(`f${address}`, { type: 'Float', address: `holding:${address}` }))
    const block = blockOf(...floats)
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ f0: 'BadSensorFailure', f2: 12.5 })
  })
})
