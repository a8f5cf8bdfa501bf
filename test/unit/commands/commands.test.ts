import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { StatusCode } from '../../../src/core/status-code.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { aWritableDevice, CommandRig, operator } from '../../support/command-rig.ts'
import { HeldOutlet, PromptOutlet } from '../../support/held-outlet.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const plant = aPlant([aWritableDevice('boiler'), aWritableDevice('pump')])
const rigs: CommandRig[] = []
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.remove()
})

function aRig(...given: ConstructorParameters<typeof CommandRig>): CommandRig {
  const rig = new CommandRig(...given)
  rigs.push(rig)
  return rig
}

const aWrite = (value: number) => ({ kind: 'write', tag: 'setpoint', value }) as const

function withOutlet(of = plant, settings: ConstructorParameters<typeof CommandRig>[2] = {}) {
  const outlet = new HeldOutlet()
  return { outlet, rig: aRig(of, outlet, settings) }
}

it('an accepted command is on disk, and that it is being sent is on disk before it is sent', async () => {
  const { rig, outlet } = withOutlet()
  const seen: unknown[] = []
  outlet.onSend = ({ id }) => seen.push(rig.database.prepare('SELECT state FROM commands WHERE id = ?').pluck().get(id))
  const answer = await rig.write('boiler', 21.5)
  expect(answer).toMatchObject({ accepted: { device: 'boiler', state: 'queued', by: operator } })
  await rig.clock.advance(0)
  expect(seen).toEqual(['sending'])
  outlet.answer('boiler', { state: 'confirmed' })
  await rig.clock.advance(0)
  expect(rig.commands.find(1)?.steps.map(({ state }) => state)).toEqual(['queued', 'sending', 'confirmed'])
  expect(rig.news.map(({ state }) => state)).toEqual(['queued', 'sending', 'confirmed'])
})

it('who asked, what was before and what came of it stand in the audit log', async () => {
  const { rig, outlet } = withOutlet()
  rig.values.give('boiler/setpoint', 20)
  await rig.write('boiler', 21.5)
  await rig.clock.advance(0)
  outlet.answer('boiler', {
    state: 'failed',
    reason: 'It did not take the value.',
    status: StatusCode.BadDeviceFailure,
  })
  await rig.clock.advance(0)
  const rows = new AuditLog(rig.database).page(10).reverse()
  expect(rows).toMatchObject([
    {
      by: operator,
      action: 'command.accept',
      subject: 'boiler/setpoint',
      outcome: 'done',
      details: { id: 1, value: 21.5, before: 20 },
    },
    { action: 'command.sending', details: { id: 1, from: 'queued' } },
    { action: 'command.failed', outcome: 'failed', details: { id: 1, reason: 'It did not take the value.' } },
  ])
})

it('a device is sent one command at a time, in the order of acceptance, while others are not kept', async () => {
  const { rig, outlet } = withOutlet()
  for (const value of [1, 2, 3]) await rig.write('boiler', value)
  await rig.write('pump', 4)
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ id }) => id)).toEqual([1, 4])
  outlet.answer('boiler', { state: 'confirmed' })
  await rig.clock.advance(0)
  outlet.answer('boiler', { state: 'refused' })
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ id }) => id)).toEqual([1, 4, 2, 3])
})

it('a command with a higher priority goes before those that wait', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  await rig.write('boiler', 3, { priority: 5 })
  await rig.clock.advance(0)
  for (const _each of [1, 2]) {
    outlet.answer('boiler', { state: 'confirmed' })
    await rig.clock.advance(0)
  }
  expect(outlet.sent.map(({ id }) => id)).toEqual([1, 3, 2])
})

it('no more devices are sent something at the same time than is set', async () => {
  const devices = ['a', 'b', 'c'].map((key) => aWritableDevice(key))
  const { rig, outlet } = withOutlet(aPlant(devices), { parallel: 2 })
  for (const { key } of devices) await rig.write(key, 1)
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ device }) => device)).toEqual(['a', 'b'])
  outlet.answer('a', { state: 'confirmed' })
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ device }) => device)).toEqual(['a', 'b', 'c'])
})

it('a full queue refuses, says which one is full, and keeps nothing', async () => {
  const { rig } = withOutlet(plant, { queueLength: 2, totalQueueLength: 3 })
  rig.running = undefined
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  expect(await rig.refused(rig.write('boiler', 3))).toBe('BadTooManyOperations')
  await rig.write('pump', 1)
  expect(await rig.refused(rig.write('pump', 2))).toBe('BadResourceUnavailable')
  expect(rig.commands.unfinished()).toHaveLength(3)
})

it('requests that come together cannot overfill a queue', async () => {
  const { rig } = withOutlet(plant, { queueLength: 2 })
  rig.running = undefined
  const answers = [1, 2, 3, 4].map((value) => rig.write('boiler', value))
  const accepted = (await Promise.all(answers)).filter((answer) => 'accepted' in answer)
  expect(accepted).toHaveLength(2)
})

it('the same idempotency key of the same user is the same command, also after a restart', async () => {
  const { rig, outlet } = withOutlet()
  const both = await Promise.all([1, 2].map(() => rig.write('boiler', 5, { idempotencyKey: 'a' })))
  expect(both.map((answer) => 'accepted' in answer && answer.accepted.id)).toEqual([1, 1])
  outlet.forget()
  rig.restart()
  expect(await rig.accepted(rig.write('boiler', 5, { idempotencyKey: 'a' }))).toBe(1)
  expect(await rig.refused(rig.write('boiler', 6, { idempotencyKey: 'a' }))).toBe('BadInvalidArgument')
  const other = { user: 'other', origin: 'http' } as const
  expect(await rig.accepted(rig.write('boiler', 6, { idempotencyKey: 'a', by: other }))).toBe(2)
  await rig.clock.advance(86_400_001)
  expect(await rig.accepted(rig.write('boiler', 6, { idempotencyKey: 'a' }))).toBe(3)
})

it('a command that waits longer than it may expires, and says what it waited for', async () => {
  const { rig, outlet } = withOutlet()
  rig.running = undefined
  const id = await rig.accepted(rig.write('boiler', 1, { deadline: rig.clock.now() + 5_000 }))
  await rig.clock.advance(6_000)
  const { command } = rig.commands.find(id) ?? {}
  expect(command).toMatchObject({ state: 'expired', status: StatusCode.BadTimeout })
  expect(command?.reason).toContain('"line" does not run')
  expect(outlet.sent).toEqual([])
  expect(await rig.refused(rig.write('boiler', 1, { deadline: rig.clock.now() - 1 }))).toBe('BadTimeout')
})

it('commands wait for their source, and go out when it runs', async () => {
  const { rig, outlet } = withOutlet()
  rig.running = undefined
  await rig.write('boiler', 1)
  await rig.clock.advance(1_000)
  expect(rig.state(1)).toBe('queued')
  rig.running = { outlet }
  rig.commands.sourceBegan('line')
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ id }) => id)).toEqual([1])
})

it('what certainly did not go out is tried again after a pause, and nothing overtakes it', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  await rig.clock.advance(0)
  outlet.answer('boiler', { state: 'queued', reason: 'No connection.' })
  await rig.clock.advance(500)
  expect(rig.commands.find(1)?.command).toMatchObject({ state: 'queued', reason: 'No connection.' })
  await rig.clock.advance(600)
  expect(outlet.sent.map(({ id }) => id)).toEqual([1, 1])
})

it('a waiting command can be taken back, a finished one cannot', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  await rig.clock.advance(0)
  const cancelled = rig.commands.cancel({ id: 2, by: operator })
  await rig.clock.advance(0)
  expect(await cancelled).toMatchObject({ accepted: { id: 2, state: 'cancelled' } })
  outlet.answer('boiler', { state: 'confirmed' })
  await rig.clock.advance(0)
  expect(await rig.refused(rig.commands.cancel({ id: 1, by: operator }))).toBe('BadInvalidState')
  expect(await rig.refused(rig.commands.cancel({ id: 99, by: operator }))).toBe('BadNotFound')
})

it.each([
  ['queued', 'cancelled'],
  ['confirmed', 'confirmed'],
] as const)('taking back what is being sent ends as the device says: %s is %s', async (said, becomes) => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  const answer = rig.commands.cancel({ id: 1, by: operator })
  await rig.clock.advance(0)
  expect(outlet.held.get('boiler')?.signal.aborted).toBe(true)
  outlet.answer('boiler', { state: said })
  await rig.clock.advance(0)
  expect(Object.keys(await answer)).toEqual([becomes === 'cancelled' ? 'accepted' : 'refused'])
  expect(rig.state(1)).toBe(becomes)
})

it.each([true, false])('what a network still holds is taken back from there (%s)', async (recalls) => {
  const { rig, outlet } = withOutlet()
  outlet.recalls = recalls
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  outlet.answer('boiler', { state: 'sent', handle: 'q1' })
  await rig.clock.advance(0)
  const answer = rig.commands.cancel({ id: 1, by: operator })
  await rig.clock.advance(0)
  expect('accepted' in (await answer)).toBe(recalls)
  expect(rig.state(1)).toBe(recalls ? 'cancelled' : 'sent')
})

it('what was sent is followed to its end, and a step that cannot follow is left aside', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  outlet.answer('boiler', { state: 'sent', handle: 'q1', expectedAt: 1_800_000_000_000 })
  await rig.clock.advance(0)
  expect(outlet.followed).toMatchObject([{ id: 1, state: 'sent', handle: 'q1' }])
  rig.commands.news(1, { state: 'sent', reason: 'Third in the queue.', expectedAt: 1_800_000_060_000 })
  rig.commands.news(1, { state: 'transmitted', reason: '' })
  rig.commands.news(1, { state: 'expired', reason: 'too late for that' })
  rig.commands.news(1, { state: 'queued', reason: 'never' })
  rig.commands.news(1, { state: 'confirmed', reason: '' })
  rig.commands.news(1, { state: 'failed', reason: 'after the end' })
  await rig.clock.advance(0)
  const { command, steps } = rig.commands.find(1) ?? {}
  expect(command).toMatchObject({ state: 'confirmed', expectedAt: 1_800_000_060_000 })
  expect(steps?.map(({ state }) => state)).toEqual(['queued', 'sending', 'sent', 'transmitted', 'confirmed'])
})

it('where nobody can follow what was sent, it is uncertain and not a success', async () => {
  const outlet = new PromptOutlet()
  const rig = aRig(plant, { check: () => undefined, send: async () => ({ state: 'sent', reason: '' }) })
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  expect(rig.state(1)).toBe('uncertain')
  expect(outlet.sent).toEqual([])
})

it('an outlet that throws, or never answers, leaves its command uncertain and the device free', async () => {
  let calls = 0
  const rig = aRig(plant, {
    check: () => undefined,
    send: () => (calls++ === 0 ? Promise.reject(new Error('bug')) : new Promise(() => undefined)),
  })
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  await rig.clock.advance(0)
  expect(rig.state(1)).toBe('uncertain')
  await rig.clock.advance(125_000)
  expect(rig.state(2)).toBe('uncertain')
  expect(calls).toBe(2)
})

it('after a crash, what was being sent is uncertain and never sent again; what waits goes on in order', async () => {
  const prompt = new PromptOutlet()
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  await rig.write('boiler', 3)
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ id }) => id)).toEqual([1])
  rig.running = { outlet: prompt }
  rig.restart()
  await rig.clock.advance(0)
  expect([1, 2, 3].map((id) => rig.state(id))).toEqual(['uncertain', 'confirmed', 'confirmed'])
  expect(prompt.sent.map(({ id }) => id)).toEqual([2, 3])
})

it.each(['queued', 'sent'] as const)(
  'an outlet that can find out says after a crash that it is %s; nothing overtakes it',
  async (found) => {
    const { rig, outlet } = withOutlet()
    await rig.write('boiler', 1)
    await rig.write('boiler', 2)
    await rig.clock.advance(0)
    outlet.forget()
    rig.restart()
    await rig.clock.advance(5_000)
    expect(outlet.followed).toMatchObject([{ id: 1, state: 'sending' }])
    expect(outlet.sent.map(({ id }) => id)).toEqual([1])
    rig.commands.news(1, { state: found, reason: '' })
    await rig.clock.advance(0)
    expect(outlet.sent.map(({ id }) => id)).toEqual(found === 'queued' ? [1, 1] : [1, 2])
  },
)

it('what an outlet never finds out becomes uncertain after its deadline', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.write('boiler', 2, { deadline: rig.clock.now() + 3_600_000 })
  await rig.clock.advance(0)
  outlet.forget()
  rig.restart()
  await rig.clock.advance(122_000)
  expect(rig.state(1)).toBe('uncertain')
  expect(outlet.sent.map(({ id }) => id)).toEqual([1, 2])
})

it('what was sent by an earlier run is handed to the outlet again, and once more when its source is made anew', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  outlet.answer('boiler', { state: 'sent', handle: 'q1' })
  await rig.clock.advance(0)
  rig.restart()
  rig.commands.sourceBegan('line')
  expect(outlet.followed.map(({ id, handle }) => [id, handle])).toEqual([
    [1, 'q1'],
    [1, 'q1'],
    [1, 'q1'],
  ])
  rig.running = { outlet: new PromptOutlet() }
  rig.commands.sourceBegan('line')
  await rig.clock.advance(0)
  expect(rig.state(1)).toBe('uncertain')
})

it('with the latest-wins option a newer value takes the place of those that wait', async () => {
  const tag = aTag('setpoint', { access: 'readWrite', write: { latestWins: true } })
  const { rig, outlet } = withOutlet(aPlant([aModbusDevice('boiler', [tag])]), { queueLength: 1 })
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  await rig.write('boiler', 2)
  await rig.write('boiler', 3)
  expect([1, 2, 3].map((id) => rig.state(id))).toEqual(['sending', 'cancelled', 'queued'])
  outlet.answer('boiler', { state: 'confirmed' })
  await rig.clock.advance(0)
  expect(outlet.sent.map(({ id }) => id)).toEqual([1, 3])
})

it('one that comes sooner than the least interval waits, also over a restart', async () => {
  const tag = aTag('setpoint', { access: 'readWrite', write: { minIntervalMs: 10_000 } })
  const prompt = new PromptOutlet()
  const rig = aRig(aPlant([aModbusDevice('boiler', [tag])]), prompt)
  await rig.write('boiler', 1)
  await rig.write('boiler', 2)
  await rig.clock.advance(4_000)
  rig.restart()
  await rig.clock.advance(5_000)
  expect(prompt.sent.map(({ id }) => id)).toEqual([1])
  await rig.clock.advance(1_500)
  expect(prompt.sent.map(({ id }) => id)).toEqual([1, 2])
})

it('what the outlet finds wrong is refused at once', async () => {
  const { rig, outlet } = withOutlet()
  outlet.refusal = { status: StatusCode.BadNotWritable, reason: 'An input register.' }
  expect(await rig.refused(rig.write('boiler', 1))).toBe('BadNotWritable')
  rig.running = { outlet: undefined }
  expect(await rig.refused(rig.write('boiler', 1))).toBe('BadNotSupported')
  expect(rig.commands.list({ limit: 10 })).toEqual([])
})

it('commands of a device or tag that leaves the plant are cancelled, those on their way uncertain', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('pump', 1)
  await rig.clock.advance(0)
  outlet.answer('pump', { state: 'sent' })
  await rig.clock.advance(0)
  rig.running = undefined
  await rig.write('pump', 2)
  await rig.write('boiler', 3)
  rig.changePlant(aPlant([aModbusDevice('boiler', [aTag('level')])]))
  await rig.clock.advance(0)
  expect([1, 2, 3].map((id) => rig.state(id))).toEqual(['uncertain', 'cancelled', 'cancelled'])
  expect(rig.commands.find(2)?.command.reason).toContain('no longer in the configuration')
  expect(rig.commands.find(3)?.command.reason).toContain('no tag "setpoint"')
})

it('nothing is sent while the plant changes', async () => {
  const { rig, outlet } = withOutlet()
  rig.commands.hold()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  expect(outlet.sent).toEqual([])
  rig.commands.plantChanged()
  await rig.clock.advance(0)
  expect(outlet.sent).toHaveLength(1)
})

it('a gateway that ends in order takes back what has not gone out, and keeps it for the next run', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  const stopped = rig.commands.stop()
  expect(outlet.held.get('boiler')?.signal.aborted).toBe(true)
  outlet.answer('boiler', { state: 'queued', reason: 'The gateway ends.' })
  await rig.clock.advance(0)
  await stopped
  expect(rig.state(1)).toBe('queued')
  expect(rig.clock.pendingTimers).toBe(0)
})

it('where nothing can be written, commands are refused, and what is under way is written later', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  rig.database.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'disk full'); END")
  outlet.answer('boiler', { state: 'confirmed' })
  await rig.clock.advance(0)
  expect(
    await rig.refused(Promise.all([rig.write('boiler', 2), rig.clock.advance(1_000)]).then(([answer]) => answer)),
  ).toBe('BadResourceUnavailable')
  expect(rig.state(1)).toBe('sending')
  rig.database.exec('DROP TRIGGER full')
  await rig.clock.advance(1_000)
  expect(rig.state(1)).toBe('confirmed')
  expect(rig.commands.list({ limit: 10 })).toHaveLength(1)
})

it('on a full disk a command is refused, nothing of it is queued, and it can be asked for again when there is room', async () => {
  const { rig, outlet } = withOutlet()
  rig.database.pragma('wal_checkpoint(TRUNCATE)')
  rig.database.pragma(`max_page_count = ${rig.database.pragma('page_count', { simple: true })}`)
  const long = 'x'.repeat(100_000)
  const by = { ...operator, client: long }
  const answer = await rig.write('boiler', 1, { by, idempotencyKey: 'a' })
  expect(answer).toMatchObject({ refused: { status: StatusCode.BadResourceUnavailable } })
  expect(answer).toMatchObject({ refused: { reason: expect.stringMatching(/full.*is not done/) } })
  expect([rig.commands.list({ limit: 10 }), outlet.sent, rig.commands.unfinished()]).toEqual([[], [], []])
  rig.database.pragma('max_page_count = 1000000')
  const again = rig.commands.request({ device: 'boiler', order: aWrite(1), by, idempotencyKey: 'a' })
  await rig.clock.advance(1_000)
  expect(await rig.accepted(again)).toBe(1)
})

it('a page that is damaged while the gateway runs has commands refused, and those that were accepted kept', async () => {
  const { rig, outlet } = withOutlet()
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  rig.database.pragma('wal_checkpoint(TRUNCATE)')
  const root = rig.database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'command_steps'").pluck().get()
  const size = Number(rig.database.pragma('page_size', { simple: true }))
  const file = openSync(rig.database.name, 'r+')
  const at = (Number(root) - 1) * size
  const before = Buffer.alloc(size)
  readSync(file, before, 0, size, at)
  writeSync(file, Buffer.alloc(size, 0xff), 0, size, at)
  // What it has read already is not read again; this makes it.
  rig.database.pragma('shrink_memory')
  expect(await rig.refused(rig.write('pump', 2))).toBe('BadResourceUnavailable')
  expect(outlet.sent.map(({ id }) => id)).toEqual([1])
  writeSync(file, before, 0, size, at)
  closeSync(file)
  rig.database.pragma('shrink_memory')
  const again = rig.commands.request({ device: 'pump', order: aWrite(3), by: operator })
  await rig.clock.advance(1_000)
  expect(await rig.accepted(again)).toBe(2)
  expect(rig.commands.list({ limit: 10 }).map(({ id, state }) => [id, state])).toEqual([
    [2, 'sending'],
    [1, 'sending'],
  ])
})

it('finished commands are deleted at their age, and those that go on are not', async () => {
  const { rig, outlet } = withOutlet(plant, { keepMs: 3_600_000 })
  await rig.write('boiler', 1)
  await rig.clock.advance(0)
  outlet.answer('boiler', { state: 'sent' })
  await rig.write('pump', 2)
  await rig.clock.advance(0)
  outlet.answer('pump', { state: 'confirmed' })
  await rig.clock.advance(2 * 3_600_000 + 10_000)
  expect(rig.commands.list({ limit: 10 }).map(({ id }) => id)).toEqual([1])
})

it('10,000 commands for 1,000 devices go out in the order of each device', { timeout: 60_000 }, async () => {
  const devices = Array.from({ length: 1_000 }, (_, at) => aWritableDevice(`d${at}`))
  const prompt = new PromptOutlet()
  const rig = aRig(aPlant(devices), prompt)
  rig.running = undefined
  const asked: Promise<unknown>[] = []
  for (let value = 0; value < 10; value++) {
    for (const { key } of devices) {
      asked.push(rig.commands.request({ device: key, order: { kind: 'write', tag: 'setpoint', value }, by: operator }))
    }
  }
  await rig.clock.advance(0)
  await Promise.all(asked)
  expect(rig.commands.unfinished()).toHaveLength(10_000)
  rig.running = { outlet: prompt }
  rig.commands.sourceBegan('line')
  await rig.clock.advance(0)
  expect(rig.commands.unfinished()).toEqual([])
  const values = new Map<string, unknown[]>()
  for (const { device, order } of prompt.sent) {
    values.set(device, [...(values.get(device) ?? []), order.kind === 'write' ? order.value : undefined])
  }
  expect(values.size).toBe(1_000)
  for (const sent of values.values()) expect(sent).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('one that the database does not take keeps no other from it', async () => {
  const { rig } = withOutlet()
  rig.running = undefined
  rig.database.exec(`
    CREATE TRIGGER no_pump BEFORE INSERT ON commands WHEN new.device = 'pump' BEGIN SELECT raise(ABORT, 'no'); END`)
  const answers = await Promise.all([rig.write('boiler', 1), rig.write('pump', 2), rig.write('boiler', 3)])
  expect(answers.map((answer) => 'accepted' in answer)).toEqual([true, false, true])
})

it('a deadline is at most 30 days away, and need not be a whole millisecond', async () => {
  const { rig } = withOutlet()
  const month = 30 * 86_400_000
  expect(await rig.refused(rig.write('boiler', 1, { deadline: rig.clock.now() + month + 1 }))).toBe(
    'BadInvalidArgument',
  )
  expect(await rig.accepted(rig.write('boiler', 1, { deadline: rig.clock.now() + 1_000.5 }))).toBe(1)
})
