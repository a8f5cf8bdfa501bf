import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aWritableDevice, CommandRig } from '../../support/command-rig.ts'
import { PromptOutlet } from '../../support/held-outlet.ts'
import { aPlant } from '../../support/small-plant.ts'

const HOUR = 3_600_000
const TEN_YEARS = 3_650 * 24 * HOUR

let rig: CommandRig
beforeEach(() => {
  rig = new CommandRig(aPlant([aWritableDevice('boiler')]), new PromptOutlet())
})
afterEach(() => rig.remove())

const waiting = () => {
  rig.running = undefined
  return rig.accepted(rig.write('boiler', 1, { deadline: rig.clock.now() + 5_000 }))
}

describe('a clock that is set while a command waits', () => {
  it.each([
    ['ten years ahead', TEN_YEARS],
    ['an hour back', -HOUR],
  ])('%s neither ends it nor lets it live on', async (_what, jump) => {
    const id = await waiting()
    rig.clock.jump(jump)
    await rig.clock.advance(4_000)
    expect(rig.state(id)).toBe('queued')
    await rig.clock.advance(2_000)
    expect(rig.state(id)).toBe('expired')
  })

  it('does not keep it from being sent in its time, and tells its outlet how much of that is left', async () => {
    const outlet = new PromptOutlet()
    const id = await waiting()
    rig.clock.jump(TEN_YEARS)
    await rig.clock.advance(1_500)
    rig.running = { outlet }
    rig.commands.sourceBegan('line')
    await rig.clock.advance(0)
    expect(rig.state(id)).toBe('confirmed')
    expect(outlet.sent).toMatchObject([{ id, dueAt: 5_000 }])
  })
})

describe('over a restart', () => {
  it('a clock that is an hour behind lets a command live no longer than it was given', async () => {
    const id = await waiting()
    rig.clock.jump(-HOUR)
    rig.restart()
    await rig.clock.advance(4_000)
    expect(rig.state(id)).toBe('queued')
    await rig.clock.advance(2_000)
    expect(rig.state(id)).toBe('expired')
  })

  it('a command ends at its deadline too when a clock that was behind is put right', async () => {
    const id = await waiting()
    rig.clock.jump(-HOUR)
    rig.restart()
    rig.clock.jump(HOUR + 5_000)
    await rig.clock.advance(1_000)
    expect(rig.state(id)).toBe('expired')
  })

  it('a clock that is ahead expires what waits, rather than to do it late', async () => {
    const id = await waiting()
    rig.clock.jump(TEN_YEARS)
    rig.restart()
    await rig.clock.advance(1_000)
    expect(rig.state(id)).toBe('expired')
  })
})

it('a clock that is set ahead forgets no idempotency key, and no command that is to be kept', async () => {
  const id = await rig.accepted(rig.write('boiler', 1, { idempotencyKey: 'a' }))
  await rig.clock.advance(1_000)
  rig.clock.jump(TEN_YEARS)
  await rig.clock.advance(2 * HOUR)
  expect(await rig.accepted(rig.write('boiler', 1, { idempotencyKey: 'a' }))).toBe(id)
  expect(rig.state(id)).toBe('confirmed')
})
