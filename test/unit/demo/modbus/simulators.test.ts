import { describe, expect, it } from 'vitest'
import { EnergyMeter } from '../../../../src/demo/modbus/energy-meter.ts'
import { PumpController } from '../../../../src/demo/modbus/pump-controller.ts'
import { RegisterMap, type Table } from '../../../../src/demo/modbus/register-map.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const bytesOf = (map: RegisterMap, table: Table, start: number, count: number) =>
  Buffer.from(
    Array.from({ length: count }, (_, i) => map.read(table, start + i) ?? Number.NaN).flatMap((word) => [
      word >> 8,
      word & 0xff,
    ]),
  )

describe('RegisterMap', () => {
  it('lays values out as the devices of the demo say they do', () => {
    const map = new RegisterMap()
      .float32('input', 0, () => 12.5)
      .int32('input', 2, () => -2, true)
      .uint64('input', 4, () => 2 ** 40)
      .text('holding', 0, 5, 'EM340')
      .word('holding', 9, () => -1)
    expect(bytesOf(map, 'input', 0, 8).toString('hex')).toBe('41480000fffeffff0000010000000000')
    expect(bytesOf(map, 'holding', 0, 3).toString('latin1')).toBe('EM340\0')
    expect(map.read('holding', 9)).toBe(0xffff)
  })

  it('has no value where nothing was placed, and takes no place twice', () => {
    const map = new RegisterMap().word('input', 0, () => 1)
    expect(map.read('input', 1)).toBeUndefined()
    expect(map.read('holding', 0)).toBeUndefined()
    expect(map.write('holding', 0, 1)).toBe(false)
    expect(() => map.int32('input', 0, () => 1)).toThrow(RangeError)
  })
})

describe('EnergyMeter', () => {
  it('shows a plausible low-voltage feeder all day, and energy that only grows by what the power did', async () => {
    const clock = new ManualClock()
    const meter = new EnergyMeter(clock)
    const energy = () => Number(bytesOf(meter.map, 'input', 100, 4).readBigUInt64BE())
    const started = energy()
    let last = started
    let expected = 0
    for (let minute = 0; minute < 1_440; minute++) {
      await clock.advance(60_000)
      meter.advance()
      for (const phase of [0, 1, 2]) {
        expect(bytesOf(meter.map, 'input', 2 * phase, 2).readFloatBE()).toBeGreaterThan(220)
        expect(bytesOf(meter.map, 'input', 2 * phase, 2).readFloatBE()).toBeLessThan(240)
        expect(bytesOf(meter.map, 'input', 6 + 2 * phase, 2).readFloatBE()).toBeGreaterThan(5)
      }
      expected += bytesOf(meter.map, 'input', 12, 2).readFloatBE() / 60
      expect(energy()).toBeGreaterThan(last)
      last = energy()
    }
    expect(last - started).toBeCloseTo(expected, -3)
    expect(bytesOf(meter.map, 'input', 108, 2).readInt32BE()).toBe(86_400)
  })

  it('stands still with its clock, and when the clock is set back', async () => {
    const clock = new ManualClock()
    const meter = new EnergyMeter(clock)
    await clock.advance(3_600_000)
    meter.advance()
    const before = bytesOf(meter.map, 'input', 100, 4)
    clock.jump(-1_800_000)
    meter.advance()
    expect(bytesOf(meter.map, 'input', 100, 4)).toEqual(before)
  })
})

describe('PumpController', () => {
  it('keeps the tank between its start and stop level for a day by running and resting', async () => {
    const clock = new ManualClock()
    const pump = new PumpController(clock)
    let starts = 0
    let wasRunning = 1
    for (let minute = 0; minute < 1_440; minute++) {
      await clock.advance(60_000)
      pump.advance()
      const level = (pump.map.read('input', 0) ?? 0) / 10
      expect(level).toBeGreaterThan(33)
      expect(level).toBeLessThan(87)
      const running = pump.map.read('discrete', 0) ?? 0
      if (running > wasRunning) starts++
      wasRunning = running
    }
    expect(starts).toBeGreaterThan(3)
  })

  it('obeys its run command in manual mode only', async () => {
    const clock = new ManualClock()
    const pump = new PumpController(clock)
    pump.map.write('coil', 0, 0)
    expect(pump.map.read('discrete', 0)).toBe(1)
    pump.map.write('coil', 1, 0)
    pump.map.write('coil', 0, 0)
    expect(pump.map.read('discrete', 0)).toBe(0)
    await clock.advance(7_200_000)
    pump.advance()
    expect(pump.map.read('discrete', 2)).toBe(1)
    expect((pump.map.read('holding', 5) ?? 0) & 0b1111).toBe(0b1000)
  })

  it('runs between the levels that an operator writes', async () => {
    const clock = new ManualClock()
    const pump = new PumpController(clock)
    pump.map.write('holding', 1, 65)
    for (let minute = 0; minute < 120; minute++) {
      await clock.advance(60_000)
      pump.advance()
      expect(pump.map.read('input', 0)).toBeLessThan(670)
    }
  })
})
