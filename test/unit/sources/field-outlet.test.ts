import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TagValue } from '../../../src/core/data-type.ts'
import { PenstockError } from '../../../src/core/errors.ts'
import type { ModbusDeviceConfig, TagConfig } from '../../../src/core/plant.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import type { Delivery, OutgoingCommand } from '../../../src/sources/source.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../support/modbus-plant.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const written = (key: string, write: TagConfig['write'] = {}, fields: Partial<TagConfig> = {}) =>
  tag(key, { type: 'Double', address: 'holding:0', access: 'readWrite', write, ...fields })
const timeout = () => new PenstockError('TIMEOUT', 'No answer within 1000 ms')

describe('writing over a line', () => {
  let clock: ManualClock
  let bus: ScriptedBus
  let context: RecordingContext
  let polled: PolledSource<Block, ModbusDeviceConfig>

  const begin = async (...devices: readonly ModbusDeviceConfig[]) => {
    const config = source(devices)
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: bus,
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
    await clock.advance(100)
  }
  const command = (of: string, key: string, value: TagValue, deadline = clock.now() + 60_000): OutgoingCommand => ({
    id: 1,
    device: of,
    order: { kind: 'write', tag: key, value },
    deadline,
  })
  const send = (order: OutgoingCommand, signal = new AbortController().signal): Promise<Delivery> =>
    polled.outlet.send(order, signal)
  /** Time passes until the write has ended. */
  const done = async (sending: Promise<Delivery>): Promise<Delivery> => {
    let delivery: Delivery | undefined
    void sending.then((ended) => {
      delivery = ended
    })
    for (let ms = 0; !delivery && ms < 30_000; ms += 5) await clock.advance(5)
    if (!delivery) throw new Error('The write does not end')
    return delivery
  }

  beforeEach(() => {
    clock = new ManualClock()
    bus = new ScriptedBus(clock)
    context = new RecordingContext(clock)
  })

  afterEach(() => polled.stop())

  it('goes before polls, and polls go on between writes', async () => {
    bus.latencyMs = 20
    const many = Array.from({ length: 50 }, (_, n) => tag(`r${n}`, { type: 'Double', address: 'holding:0' }))
    const busy = device('busy', { pollMs: 1_000, tags: [written('a', { confirm: 'echo' }), ...many] })
    const others = [2, 3, 4].map((unitId) =>
      device(`other${unitId}`, { unitId, pollMs: 60_000, tags: [written('a', { confirm: 'echo' })] }),
    )
    await begin(busy, ...others)
    await clock.advance(2_000)
    const from = clock.monotonic()
    const reads = bus.reads.length
    const all = ['busy', 'other2', 'other3', 'other4'].map((key) => send(command(key, 'a', 1)))
    for (const each of all) expect((await done(each)).state).toBe('confirmed')
    expect(bus.writes.map(({ at }) => at - from).every((at) => at <= 4 * 40)).toBe(true)
    expect(bus.writes[0]!.at - from).toBeLessThanOrEqual(20)
    expect(bus.reads.length - reads).toBeGreaterThanOrEqual(3)
  })

  it('publishes the value once it was read back, not before', async () => {
    await begin(device('pump', { pollMs: 60_000, tags: [written('a', { readBackAfterMs: 200 })] }))
    bus.valueOf = () => 3
    const sending = send(command('pump', 'a', 9))
    await clock.advance(100)
    expect(bus.held.get('a')).toBe(9)
    expect(context.sink.last.get(0)?.value).not.toBe(9)
    expect(await done(sending)).toEqual({ state: 'confirmed', reason: '' })
    expect(context.sink.last.get(0)).toEqual({ value: 9, status: 'Good' })
  })

  it('with "confirm: echo" leaves the value to the next poll', async () => {
    await begin(device('pump', { pollMs: 5_000, tags: [written('a', { confirm: 'echo' })] }))
    const reads = bus.reads.length
    expect(await done(send(command('pump', 'a', 9)))).toEqual({ state: 'confirmed', reason: '' })
    expect(bus.reads.length).toBe(reads)
    await clock.advance(11_000)
    expect(context.sink.last.get(0)?.value).toBe(9)
  })

  it('takes what is read back within its tolerance, and no more', async () => {
    bus.acts = false
    await begin(device('pump', { pollMs: 60_000, tags: [written('a', { tolerance: 0.5 })] }))
    bus.valueOf = () => 9.5
    expect(await done(send(command('pump', 'a', 9)))).toMatchObject({ state: 'confirmed' })
    bus.valueOf = () => 9.6
    const delivery = await done(send(command('pump', 'a', 9)))
    expect(delivery).toMatchObject({ state: 'failed', status: StatusCode.BadDeviceFailure })
    expect(delivery.reason).toContain('reads as 9.6')
  })

  it('settles a lost answer by reading back: held, it is confirmed; else it is uncertain', async () => {
    await begin(device('pump', { pollMs: 60_000, tags: [written('a')] }))
    bus.scripts = [timeout(), timeout()]
    expect(await done(send(command('pump', 'a', 9)))).toMatchObject({ state: 'confirmed' })
    bus.acts = false
    const delivery = await done(send(command('pump', 'a', 10)))
    expect(delivery).toMatchObject({ state: 'uncertain', status: StatusCode.BadTimeout })
    expect(delivery.reason).toContain('reads as 9 now, and may still act on it')
    expect(bus.writes).toHaveLength(2)
  })

  it('is uncertain where nothing can be read back, and says what is known', async () => {
    await begin(device('pump', { pollMs: 60_000, tags: [written('a')] }))
    bus.mute.add('a')
    const delivery = await done(send(command('pump', 'a', 9)))
    expect(delivery).toMatchObject({ state: 'uncertain', status: StatusCode.BadCommunicationError })
    expect(delivery.reason).toContain('The device answered that it is done; what it holds could not be read')
    expect(bus.writes).toHaveLength(1)
  })

  it('ends uncertain when the source stops after it went out, and stays queued when it had not', async () => {
    await begin(device('pump', { tags: [written('a')] }), device('tank', { unitId: 2, tags: [written('b')] }))
    bus.scripts = [timeout()]
    const out = send(command('pump', 'a', 9))
    await clock.advance(30)
    const waiting = send(command('tank', 'b', 1))
    await clock.advance(10)
    expect(bus.writes.map(({ tag: key }) => key)).toEqual(['a'])
    await polled.stop()
    await clock.advance(200)
    expect(await out).toMatchObject({ state: 'uncertain' })
    expect(await waiting).toMatchObject({ state: 'queued' })
  })

  it('that waits for its turn leaves at its deadline, or when it is called off', async () => {
    await begin(device('pump', { tags: [written('a')] }), device('tank', { unitId: 2, tags: [written('b')] }))
    bus.scripts = [timeout()]
    const first = send(command('pump', 'a', 9))
    await clock.advance(30)
    const late = send(command('tank', 'b', 1, clock.now() + 50))
    const abort = new AbortController()
    const called = send(command('tank', 'b', 2), abort.signal)
    await clock.advance(60)
    abort.abort()
    expect(await late).toMatchObject({ state: 'expired', status: StatusCode.BadTimeout })
    expect(await called).toMatchObject({ state: 'queued' })
    await done(first)
    await clock.advance(1_000)
    expect(bus.writes.map(({ tag: key }) => key)).toEqual(['a'])
  })

  it('waits while the connection is just being made, and is refused where it cannot be made', async () => {
    const pump = device('pump', { tags: [written('a')] })
    bus.refusals = [new PenstockError('CONNECTION_LOST', 'Nobody listens there')]
    const begun = begin(pump)
    const atOnce = send(command('pump', 'a', 9))
    await begun
    expect(await atOnce).toMatchObject({ state: 'queued' })
    expect(await send(command('pump', 'a', 9))).toMatchObject({
      state: 'refused',
      status: StatusCode.BadNoCommunication,
    })
    await clock.advance(10_000)
    expect(await done(send(command('pump', 'a', 9)))).toMatchObject({ state: 'confirmed' })
    expect(bus.writes).toHaveLength(1)
  })

  it('is refused at once for a device whose breaker is open', async () => {
    await begin(device('pump', { tags: [written('a')] }), device('tank', { unitId: 2, tags: [written('b')] }))
    bus.mute.add('pump')
    await clock.advance(10_000)
    const delivery = await polled.outlet.send(command('pump', 'a', 9), new AbortController().signal)
    expect(delivery).toMatchObject({ state: 'refused', status: StatusCode.BadNoCommunication })
    expect(delivery.reason).toContain('No answer')
    expect(bus.writes).toEqual([])
  })

  it.each<[string, Partial<TagConfig>, TagValue, StatusCode]>([
    ['can only be read', { access: 'read' }, 1, StatusCode.BadNotWritable],
    ['is disabled', { disabled: true }, 1, StatusCode.BadOutOfService],
    ['does not fit', {}, 'on', StatusCode.BadTypeMismatch],
  ])('is refused before it is accepted where the tag %s', async (words, fields, value, status) => {
    await begin(device('pump', { tags: [written('a', {}, fields), written('b')] }))
    expect(polled.outlet.check(command('pump', 'a', value))).toMatchObject({
      status,
      reason: expect.stringContaining(words),
    })
    expect(polled.outlet.check(command('pump', 'none', 1))).toMatchObject({ status: StatusCode.BadConfigurationError })
    expect(polled.outlet.check(command('pump', 'b', 1))).toBeUndefined()
  })
})
