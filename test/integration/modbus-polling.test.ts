import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { startLibmodbus } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'

let server: Awaited<ReturnType<typeof startLibmodbus>>
beforeAll(async () => {
  server = await startLibmodbus()
})
afterAll(() => server.stop())

it('a libmodbus device can be read once between two polls, and shows how its polling goes', async () => {
  const slow = tag('slow', { type: 'UInt16', address: 'input:5', pollMs: 3_600_000 })
  const fast = tag('fast', { type: 'UInt16', address: 'input:7' })
  const last = tag('last', { type: 'UInt16', address: 'input:199' })
  const meter = device('meter', { pollMs: 50, tags: [slow, fast, last], forbidden: ['input:8-198'] })
  const config = source([meter], { port: server.port })
  const context = new RecordingContext(systemClock)
  const made = await modbusSource.create(config, devicesOf(config), context)
  made.start()
  try {
    await expect.poll(() => context.sink.polls.get(1)?.length ?? 0).toBeGreaterThan(5)
    expect(context.sink.polls.get(0)).toEqual([1_005])
    const [tags] = devicesOf(config)
    const only = { tags: tags?.tags.slice(0, 1) ?? [] }
    const block = {
      ...only,
      unitId: 1,
      area: 'input',
      start: 5,
      count: 1,
      items: [{ tag: only.tags[0], start: 5, count: 1, decode: (data: Buffer) => data.readUInt16BE(0) }],
    }
    await made.lane?.run('meter', (session) => session.read(block, context.sink))
    expect(context.sink.polls.get(0)).toEqual([1_005, 1_005])
    const health = made.polling?.()
    expect(health?.breakers).toEqual({ meter: { state: 'closed', failures: 0, nextProbeAt: null } })
    expect(health?.load).toBeGreaterThan(0)
    expect(health?.roundTripP99Ms).toBeGreaterThan(0)
    expect(context.counted('refusals')).toBe(0)
  } finally {
    await made.stop()
  }
})
