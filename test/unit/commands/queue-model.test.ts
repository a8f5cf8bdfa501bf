import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type CommandState, isFinal, nextStates } from '../../../src/core/command.ts'
import type { OutgoingCommand } from '../../../src/core/command-outlet.ts'
import { aWritableDevice, CommandRig, operator } from '../../support/command-rig.ts'
import { HeldOutlet } from '../../support/held-outlet.ts'
import { aPlant } from '../../support/small-plant.ts'

const RUNS = Number(process.env.COMMAND_MODEL_RUNS ?? 60)
const devices = ['a', 'b', 'c']
const whole = aPlant(devices.map((key) => aWritableDevice(key)))
const withoutC = aPlant(['a', 'b'].map((key) => aWritableDevice(key)))

type Act =
  | { act: 'ask'; device: string; priority: number; key: string | undefined }
  | { act: 'answer'; device: string; state: Exclude<CommandState, 'sending'> }
  | { act: 'news'; id: number; state: Exclude<CommandState, 'sending'> }
  | { act: 'cancel'; id: number }
  | { act: 'time'; ms: number }
  | { act: 'crash'; atOnce: boolean }
  | { act: 'plant'; has: boolean }
  | { act: 'source'; runs: boolean }

const device = fc.constantFrom(...devices)
const id = fc.integer({ min: 1, max: 12 })
const said = fc.constantFrom(
  ...(['queued', 'sent', 'transmitted', 'confirmed', 'refused', 'failed', 'lost', 'expired', 'uncertain'] as const),
)
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('ask' as const),
      device,
      priority: fc.constantFrom(0, 0, 0, 1),
      key: fc.constantFrom(undefined, undefined, 'k1', 'k2'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('answer' as const), device, state: said }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('news' as const), id, state: said }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('cancel' as const), id }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('time' as const), ms: fc.constantFrom(0, 1_000, 30_000) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('crash' as const), atOnce: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('plant' as const), has: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('source' as const), runs: fc.boolean() }) },
)

/** What must hold of every command, whatever happened. */
class Witness {
  readonly accepted = new Set<number>()
  readonly sends: { readonly id: number; readonly device: string }[] = []
  readonly #mayGoOutAgain = new Set<number>()

  sent(command: { readonly id: number; readonly device: string }): void {
    const before = this.sends.some((send) => send.id === command.id)
    if (before) expect(this.#mayGoOutAgain.delete(command.id), `command ${command.id} is sent twice`).toBe(true)
    this.sends.push(command)
  }

  /** Its device, or whoever knows, says that it did not go out. */
  didNotGoOut(command: number): void {
    this.#mayGoOutAgain.add(command)
  }
}

async function play(script: readonly Act[]): Promise<void> {
  const outlet = new HeldOutlet()
  const rig = new CommandRig(whole, outlet)
  const witness = new Witness()
  const priorities = new Map<number, number>()
  // The dispatcher takes what an outlet throws for a fault of the outlet, so it is thrown at the end.
  const violations: unknown[] = []
  outlet.onSend = (command) => {
    try {
      check(command)
    } catch (violation) {
      violations.push(violation)
    }
  }
  const check = (command: OutgoingCommand) => {
    const state = rig.database.prepare('SELECT state FROM commands WHERE id = ?').pluck().get(command.id)
    expect(state, `command ${command.id} is on disk as being sent`).toBe('sending')
    const overtaken = rig.commands
      .unfinished()
      .filter((other) => other.device === command.device && other.id !== command.id)
      .filter(
        ({ id: other, state: where, priority }) =>
          where === 'sending' ||
          (where === 'queued' && other < command.id && priority >= (priorities.get(command.id) ?? 0)),
      )
    expect(
      overtaken.map((other) => other.id),
      `overtaken by ${command.id}`,
    ).toEqual([])
    witness.sent(command)
  }
  const act: { [Name in Act['act']]: (step: Extract<Act, { act: Name }>) => Promise<void> | void } = {
    ask: async ({ device: key, priority, key: idempotencyKey }) => {
      const answer = await rig.write(key, 1, { priority, idempotencyKey })
      if ('refused' in answer) return
      witness.accepted.add(answer.accepted.id)
      priorities.set(answer.accepted.id, answer.accepted.priority)
    },
    answer: ({ device: key, state }) => {
      const sending = outlet.held.get(key)?.command.id
      if (sending !== undefined && state === 'queued') witness.didNotGoOut(sending)
      outlet.answer(key, { state })
    },
    news: ({ id: of, state }) => {
      const unsettled =
        rig.state(of) === 'sending' && ![...outlet.held.values()].some(({ command }) => command.id === of)
      if (state === 'queued' && unsettled) witness.didNotGoOut(of)
      rig.commands.news(of, { state, reason: '' })
    },
    cancel: ({ id: of }) => void rig.commands.cancel({ id: of, by: operator }),
    time: ({ ms }) => rig.clock.advance(ms),
    crash: async ({ atOnce }) => {
      if (!atOnce) await rig.clock.advance(0)
      outlet.forget()
      rig.restart()
    },
    plant: ({ has }) => rig.changePlant(has ? whole : withoutC),
    source: ({ runs }) => {
      rig.running = runs ? { outlet } : undefined
      if (runs) rig.commands.sourceBegan('line')
    },
  }
  try {
    for (const step of script) {
      await act[step.act](step as never)
      if (step.act !== 'crash') await rig.clock.advance(0)
    }
    expect(violations).toEqual([])
    // Everything ends: what waits goes out or expires, and of what is under way nothing is heard any more.
    await rig.clock.advance(200_000)
    for (const command of rig.commands.unfinished()) expect(['sent', 'transmitted']).toContain(command.state)
    for (const of of witness.accepted) {
      const found = rig.commands.find(of)
      expect(found, `command ${of} is still known`).toBeDefined()
      const states = found?.steps.map(({ state }) => state) ?? []
      expect(states[0]).toBe('queued')
      for (const [at, state] of states.slice(1).entries()) {
        expect(nextStates[states[at] as CommandState], `${states.join(' → ')}`).toContain(state)
      }
      expect(states.at(-1)).toBe(found?.command.state)
    }
    expect(violations).toEqual([])
    const finished = rig.commands.list({ limit: 1_000 }).filter(({ state }) => isFinal(state))
    expect(finished.every(({ id: of }) => witness.accepted.has(of))).toBe(true)
  } finally {
    rig.remove()
  }
}

it(
  'whatever happens, in whatever order: no accepted command is lost, none is sent twice, none overtakes another, every state is legal',
  { timeout: 120_000 },
  () => fc.assert(fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 40 }), play), { numRuns: RUNS }),
)
