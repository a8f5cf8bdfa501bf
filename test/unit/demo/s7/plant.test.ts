import { describe, expect, it } from 'vitest'
import { lineSignals, MixingLine } from '../../../../src/demo/s7/plant.ts'
import { decode } from '../../../../src/sources/s7/decode.ts'
import { resolveTag } from '../../../../src/sources/s7/resolve.ts'
import { Zone } from '../../../../src/sources/s7/zone.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** Every signal as a client would read it. */
function shown(line: MixingLine): Record<string, unknown> {
  return Object.fromEntries(
    lineSignals.map(({ key, address, type }) => {
      const resolved = resolveTag({ address, type })
      if (!resolved.ok) throw new Error(resolved.fault.message)
      const { item } = resolved
      return [key, decode(item, line.blocks.get(item.db) ?? Buffer.alloc(0), item.offset, new Zone('UTC'))]
    }),
  )
}

/** Runs it for `seconds` in small steps. */
function run(line: MixingLine, seconds: number): void {
  for (let step = 0; step < seconds * 2; step++) line.step(0.5)
}

describe('the mixing line', () => {
  it('has signals of every S7 type', () => {
    const types = lineSignals.map(({ address, type }) => {
      const resolved = resolveTag({ address, type })
      return resolved.ok ? resolved.item.type : undefined
    })
    expect(new Set(types)).toEqual(new Set(['BOOL', 'BYTE', 'WORD', 'INT', 'DWORD', 'DINT', 'REAL', 'LREAL', 'STRING']))
  })

  it('makes batch after batch, each with its own recipe, and stays plausible', () => {
    const line = new MixingLine(new ManualClock())
    const recipes = new Set<unknown>()
    for (let minute = 0; minute < 30; minute++) {
      run(line, 60)
      const now = shown(line)
      recipes.add(now.recipe)
      expect(now.level).toBeGreaterThanOrEqual(0)
      expect(now.level).toBeLessThanOrEqual(80)
      expect(now.temperature).toBeGreaterThanOrEqual(17.9)
      expect(now.temperature).toBeLessThanOrEqual(64)
      expect(now['mixer-speed']).toBeLessThanOrEqual(120)
    }
    const { batches, volume } = shown(line)
    expect(batches).toBeGreaterThan(2)
    expect(volume).toBeCloseTo(Number(batches) * 0.75 * 2_000, -3.5)
    expect(recipes).toContain('Crème fraîche')
  })

  it('moves slowly', () => {
    const line = new MixingLine(new ManualClock())
    let before = shown(line)
    for (let step = 0; step < 600; step++) {
      line.step(0.5)
      const now = shown(line)
      expect(Math.abs(Number(now.level) - Number(before.level))).toBeLessThanOrEqual(1.01)
      expect(Math.abs(Number(now.temperature) - Number(before.temperature))).toBeLessThan(10)
      before = now
    }
  })

  it('stands still while it is switched off, and obeys its setpoints', () => {
    const line = new MixingLine(new ManualClock())
    const settings = line.blocks.get(2) ?? Buffer.alloc(0)
    settings.writeUInt8(0, 6)
    run(line, 60)
    expect(shown(line)).toMatchObject({ level: 5, 'inlet-open': false, batches: 0, 'run-seconds': 0 })
    settings.writeUInt8(1, 6)
    settings.writeInt16BE(30, 4)
    run(line, 40)
    expect(shown(line).level).toBeCloseTo(30)
  })

  it('keeps to its limits whatever is written to it', () => {
    const line = new MixingLine(new ManualClock())
    const settings = line.blocks.get(2) ?? Buffer.alloc(0)
    settings.writeFloatBE(Number.NaN, 0)
    settings.writeInt16BE(32_000, 4)
    run(line, 1_000)
    expect(shown(line).level).toBeLessThanOrEqual(95)
    expect(Number.isFinite(shown(line).temperature)).toBe(true)
  })

  it('runs by its clock until it is stopped', async () => {
    const clock = new ManualClock()
    const line = new MixingLine(clock)
    line.start()
    line.start()
    await clock.advance(20_000)
    expect(shown(line)['run-seconds']).toBe(20)
    line.stop()
    line.stop()
    expect(clock.pendingTimers).toBe(0)
  })
})
