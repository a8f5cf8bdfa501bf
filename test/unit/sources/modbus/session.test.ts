import { beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { TagConfig } from '../../../../src/core/plant.ts'
import type { Area } from '../../../../src/sources/modbus/address.ts'
import { ModbusException } from '../../../../src/sources/modbus/exception.ts'
import { type ModbusBlock, planReads } from '../../../../src/sources/modbus/read-plan.ts'
import { ModbusSession, type TableReader } from '../../../../src/sources/modbus/session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { RecordingContext } from '../../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../../support/modbus-plant.ts'

/** A device in memory: register n holds n, some addresses do not exist. */
class Registers implements TableReader {
  readonly ended = new Promise<never>(() => undefined)
  readonly asked: [number, number][] = []
  readonly missing = new Set<number>()
  most = 125
  /** Answered to every request instead. */
  fault: PenstockError | undefined

  async read(unitId: number, _area: Area, start: number, count: number): Promise<Buffer> {
    this.asked.push([start, count])
    if (this.fault) throw this.fault
    if (count > this.most) throw new ModbusException(3, unitId, 'plc:502')
    const addresses = Array.from({ length: count }, (_, i) => start + i)
    if (addresses.some((address) => this.missing.has(address))) throw new ModbusException(2, unitId, 'plc:502')
    return Buffer.from(addresses.flatMap((address) => [address >> 8, address & 0xff]))
  }

  close(): void {
    this.fault = new PenstockError('STOPPED', 'closed')
  }
}

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
    session = new ModbusSession(registers, context)
  })

  it('finds the one address that the device does not have, and the others still arrive in the same cycle', async () => {
    registers.missing.add(5)
    const block = blockOf(...[0, 1, 2, 3, 4, 5, 6, 7].map(register))
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ r0: 0, r1: 1, r2: 2, r3: 3, r4: 4, r5: 'BadConfigurationError', r6: 6, r7: 7 })
  })

  it('remembers what it learned: the next cycle asks only for what exists', async () => {
    registers.missing.add(5)
    const block = blockOf(...[0, 1, 2, 3, 4, 5, 6, 7].map(register))
    await session.read(block, context.sink)
    registers.asked.length = 0
    await session.read(block, context.sink)
    expect(registers.asked).toEqual([
      [0, 4],
      [4, 1],
      [6, 2],
    ])
    expect(seen(block).r5).toBe('BadConfigurationError')
  })

  it('keeps all tags where only the hole between them does not exist', async () => {
    for (let address = 10; address < 40; address++) registers.missing.add(address)
    const block = blockOf(...[8, 9, 40, 41].map(register))
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ r8: 8, r9: 9, r40: 40, r41: 41 })
    registers.asked.length = 0
    await session.read(block, context.sink)
    expect(registers.asked).toEqual([
      [8, 2],
      [40, 2],
    ])
  })

  it('learns that a device answers fewer registers at once than it was configured for', async () => {
    registers.most = 30
    const block = blockOf(...Array.from({ length: 100 }, (_, i) => register(i)))
    await session.read(block, context.sink)
    expect(Object.values(seen(block))).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it('asks for a refused address again after an hour', async () => {
    registers.missing.add(1)
    const block = blockOf(register(0), register(1), register(2))
    await session.read(block, context.sink)
    registers.missing.clear()
    await clock.advance(3_599_000)
    await session.read(block, context.sink)
    expect(seen(block).r1).toBe('BadConfigurationError')
    await clock.advance(1_000)
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ r0: 0, r1: 1, r2: 2 })
  })

  it('asks for a refused address again over a new connection', async () => {
    registers.missing.add(1)
    const block = blockOf(register(0), register(1), register(2))
    await session.read(block, context.sink)
    registers.missing.clear()
    await new ModbusSession(registers, context).read(block, context.sink)
    expect(seen(block)).toEqual({ r0: 0, r1: 1, r2: 2 })
  })

  it('starts over with a device that refused everything only while it started', async () => {
    registers.fault = new ModbusException(2, 1, 'plc:502')
    const block = blockOf(...[0, 1, 2, 3].map(register))
    await session.read(block, context.sink)
    expect(new Set(Object.values(seen(block)))).toEqual(new Set(['BadConfigurationError']))
    registers.fault = undefined
    await session.read(block, context.sink)
    registers.asked.length = 0
    await session.read(block, context.sink)
    expect(seen(block)).toEqual({ r0: 0, r1: 1, r2: 2, r3: 3 })
    expect(registers.asked).toEqual([[0, 4]])
  })

  it('does not take a device for alive without asking it, even where every tag is refused', async () => {
    registers.missing.add(0).add(1)
    const block = blockOf(register(0), register(1))
    await session.read(block, context.sink)
    registers.fault = new PenstockError('TIMEOUT', 'no answer')
    await expect(session.read(block, context.sink)).rejects.toMatchObject({ code: 'TIMEOUT' })
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
