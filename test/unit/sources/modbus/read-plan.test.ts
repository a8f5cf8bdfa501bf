import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModbusDeviceConfig, TagConfig } from '../../../../src/core/plant.ts'
import { type ModbusBlock, planReads, splitBlock } from '../../../../src/sources/modbus/read-plan.ts'
import { serialCost, widestGap } from '../../../../src/sources/modbus/request-cost.ts'
import { device, devicesOf, source, tag } from '../../../support/modbus-plant.ts'

const plan = (tags: readonly TagConfig[], fields: Partial<ModbusDeviceConfig> = {}): ModbusBlock[] => {
  const [only] = devicesOf(source([device('meter', { ...fields, tags })]))
  return planReads(only!, only!.tags)
}
const register = (address: number) => tag(`r${address}`, { type: 'UInt16', address: `holding:${address}` })
const spans = (blocks: readonly ModbusBlock[]) => blocks.map(({ area, start, count }) => [area, start, count])

describe('planReads', () => {
  it('reads neighbours and near neighbours with one request', () => {
    expect(spans(plan([register(10), register(0), register(11), register(60)]))).toEqual([['holding', 0, 61]])
  })

  it('makes a request of its own for what lies far away', () => {
    expect(spans(plan([register(0), register(66)]))).toEqual([
      ['holding', 0, 1],
      ['holding', 66, 1],
    ])
    expect(spans(plan([register(0), register(65)]))).toEqual([['holding', 0, 66]])
  })

  it('asks a device that must not be asked for more for exactly what its tags name', () => {
    const tags = [register(0), register(1), register(3), tag('c', { type: 'Boolean', address: 'coil:0' })]
    const coil = tag('d', { type: 'Boolean', address: 'coil:2' })
    expect(spans(plan([...tags, coil], { maxGap: 0 }))).toEqual([
      ['coil', 0, 1],
      ['coil', 2, 1],
      ['holding', 0, 2],
      ['holding', 3, 1],
    ])
    expect(spans(plan([...tags, coil], { maxGap: 1 }))).toEqual([
      ['coil', 0, 3],
      ['holding', 0, 4],
    ])
  })

  it('reads a hole along on a serial line only where that takes no longer than another request', () => {
    const lineCost = (baudRate: number) =>
      serialCost('rtu', { path: '/dev/ttyS0', baudRate, dataBits: 8, parity: 'even', stopBits: 1 })
    const gapOf = (baudRate: number) => widestGap(lineCost(baudRate)).registers
    expect([9_600, 19_200, 115_200].map(gapOf)).toEqual([12, 14, 51])
    const [only] = devicesOf(source([device('meter', { tags: [register(0), register(13), register(27)] })]))
    expect(spans(planReads(only!, only!.tags, lineCost(9_600)))).toEqual([
      ['holding', 0, 14],
      ['holding', 27, 1],
    ])
  })

  it('never asks for an address that is forbidden, however near the tags on both sides are', () => {
    const tags = [register(0), register(5), register(6), register(10), tag('i', { type: 'UInt16', address: 'input:3' })]
    expect(spans(plan(tags, { forbidden: ['holding:2-3', 'holding:8', 'input:9-65535'] }))).toEqual([
      ['input', 3, 1],
      ['holding', 0, 1],
      ['holding', 5, 2],
      ['holding', 10, 1],
    ])
  })

  it('asks for each tag by itself where a device wants that', () => {
    const tags = [register(0), register(1), tag('bit', { type: 'Boolean', address: 'holding:1.3' })]
    expect(spans(plan(tags, { oneTagPerRequest: true }))).toEqual([
      ['holding', 0, 1],
      ['holding', 1, 1],
      ['holding', 1, 1],
    ])
  })

  it('keeps the areas apart', () => {
    const tags = [
      tag('c', { type: 'Boolean', address: 'coil:1' }),
      tag('d', { type: 'Boolean', address: 'discrete:1' }),
      tag('i', { type: 'Int16', address: 'input:1' }),
      tag('h', { type: 'Int16', address: 'holding:1' }),
    ]
    expect(spans(plan(tags))).toEqual([
      ['coil', 1, 1],
      ['discrete', 1, 1],
      ['input', 1, 1],
      ['holding', 1, 1],
    ])
  })

  it('never asks for more than the device answers at once', () => {
    const tags = Array.from({ length: 100 }, (_, i) => register(i))
    expect(spans(plan(tags, { maxRegisters: 40 }))).toEqual([
      ['holding', 0, 40],
      ['holding', 40, 40],
      ['holding', 80, 20],
    ])
  })

  it('packs coils up to their own limit', () => {
    const coils = Array.from({ length: 30 }, (_, i) => tag(`c${i}`, { type: 'Boolean', address: `coil:${i * 100}` }))
    expect(spans(plan(coils, { maxCoils: 2_000 })).map(([, , count]) => count)).toEqual([1_901, 901])
  })

  it('reads bits and values of the same registers once', () => {
    const tags = [
      tag('word', { type: 'UInt16', address: 'holding:5' }),
      tag('bit', { type: 'Boolean', address: 'holding:5.3' }),
      tag('long', { type: 'Int32', address: 'holding:4' }),
    ]
    expect(spans(plan(tags))).toEqual([['holding', 4, 2]])
  })

  it('reads every tag whole, exactly once, within the limits, in a request that holds all its registers', () => {
    const wide = fc.constantFrom(
      { type: 'UInt16' as const, count: 1 },
      { type: 'Float' as const, count: 2 },
      { type: 'UInt64' as const, count: 4 },
    )
    const tags = fc.array(fc.record({ start: fc.nat(1_000), wide }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(tags, fc.integer({ min: 4, max: 125 }), (some, maxRegisters) => {
        const made = some.map(({ start, wide: { type } }, i) => tag(`t${i}`, { type, address: `holding:${start}` }))
        const blocks = plan(made, { maxRegisters })
        const items = blocks.flatMap((part) => part.items.map((item) => ({ item, part })))
        expect(items.map(({ item }) => item.tag.tag.key).sort()).toEqual(made.map((each) => each.key).sort())
        for (const { item, part } of items) {
          expect(item.start).toBeGreaterThanOrEqual(part.start)
          expect(item.start + item.count).toBeLessThanOrEqual(part.start + part.count)
          expect(part.count).toBeLessThanOrEqual(maxRegisters)
        }
      }),
    )
  })
})

describe('splitBlock', () => {
  const partsOf = (...tags: TagConfig[]) => plan(tags)[0]!

  it('parts at the widest hole, the likeliest reason of a refusal', () => {
    const halves = splitBlock(partsOf(register(0), register(1), register(40), register(45)))
    expect(halves?.map((half) => [half.start, half.count])).toEqual([
      [0, 2],
      [40, 6],
    ])
  })

  it('parts in the middle where there is no hole', () => {
    const halves = splitBlock(partsOf(...Array.from({ length: 8 }, (_, i) => register(i))))
    expect(halves?.map((half) => [half.start, half.count])).toEqual([
      [0, 4],
      [4, 4],
    ])
  })

  it('does not try to tell the bits of one register apart', () => {
    const bits = [0, 1, 2].map((bit) => tag(`b${bit}`, { type: 'Boolean', address: `holding:7.${bit}` }))
    expect(splitBlock(partsOf(...bits))).toBeUndefined()
    expect(splitBlock(partsOf(register(7)))).toBeUndefined()
  })

  it('comes down to the single registers, losing no tag on the way', () => {
    const starts = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(starts, (some) => {
        const leaves: number[] = []
        const open = [partsOf(...some.map(register))]
        for (let part = open.pop(); part; part = open.pop()) {
          const halves = splitBlock(part)
          if (halves) open.push(...halves)
          else leaves.push(...part.items.map((item) => item.start))
        }
        expect(leaves.sort((a, b) => a - b)).toEqual([...some].sort((a, b) => a - b))
      }),
    )
  })
})
