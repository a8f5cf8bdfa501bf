import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type CommandState, isFinal, nextStates } from '../../src/core/command.ts'
import { CommandGateway } from '../support/command-gateway.ts'
import { type PlantFolder, writePlant } from '../support/gateway.ts'
import { type PlantQuestion, ScriptedPlant } from '../support/scripted-plant.ts'
import { randomFrom } from '../support/seeded-random.ts'

/** How often the gateway is killed, each time once in every state; under traffic half as often. */
const KILLS = Number(process.env.COMMAND_KILLS ?? 2)
const UNDER_TRAFFIC = Math.ceil(KILLS / 2)
const SEED = Number(process.env.COMMAND_KILL_SEED ?? 1)

/**
 * One device for each state in which the process is killed: what the plant answers before (undefined: nothing), the
 * state in which that leaves the command, and what becomes of it afterwards. `net-` devices stand behind an outlet that
 * can find out what became of a command, the others behind one that cannot.
 */
interface Stage {
  readonly before: Partial<Record<PlantQuestion['what'], CommandState>>
  readonly at: CommandState
  readonly asked: PlantQuestion['what'] | undefined
  readonly afterwards: CommandState
  readonly done: number
}
const stages: Readonly<Record<string, Stage>> = {
  queued: { before: { may: 'queued' }, at: 'queued', asked: 'may', afterwards: 'confirmed', done: 1 },
  'sending-before': { before: {}, at: 'sending', asked: 'may', afterwards: 'uncertain', done: 0 },
  'sending-after': { before: { may: 'sent' }, at: 'sending', asked: 'do', afterwards: 'uncertain', done: 1 },
  'net-sending-before': { before: {}, at: 'sending', asked: 'may', afterwards: 'confirmed', done: 1 },
  'net-sending-after': { before: { may: 'sent' }, at: 'sending', asked: 'do', afterwards: 'confirmed', done: 1 },
  'net-sent': { before: { may: 'sent', do: 'sent' }, at: 'sent', asked: 'follow', afterwards: 'confirmed', done: 1 },
  'net-transmitted': {
    before: { may: 'sent', do: 'transmitted' },
    at: 'transmitted',
    asked: 'follow',
    afterwards: 'confirmed',
    done: 1,
  },
  'net-lost': {
    before: { may: 'sent', do: 'sent', follow: 'lost' },
    at: 'lost',
    asked: 'follow',
    afterwards: 'lost',
    done: 1,
  },
  confirmed: ends('confirmed'),
  refused: ends('refused'),
  failed: ends('failed'),
  expired: ends('expired'),
  uncertain: ends('uncertain'),
  cancelled: { before: { may: 'queued' }, at: 'cancelled', asked: 'may', afterwards: 'cancelled', done: 0 },
}

function ends(at: CommandState): Stage {
  return { before: { may: 'sent', do: at }, at, asked: 'do', afterwards: at, done: 1 }
}

let devices: ScriptedPlant
let plant: PlantFolder
let gateway: CommandGateway

beforeEach(async () => {
  devices = new ScriptedPlant()
  const port = await devices.start()
  const tags = [{ key: 'setpoint', type: 'Double', access: 'readWrite', address: '' }]
  const keys = Object.keys(stages)
  const line = keys.filter((key) => !key.startsWith('net-'))
  const net = keys.filter((key) => key.startsWith('net-'))
  plant = await writePlant([
    {
      key: 'line',
      kind: 'modbus',
      host: '127.0.0.1',
      port,
      devices: line.map((key, at) => ({ key, unitId: at + 1, tags: [{ ...tags[0], address: 'holding:0' }] })),
    },
    {
      key: 'net',
      kind: 's7',
      host: '127.0.0.1',
      port,
      devices: net.map((key) => ({ key, tags: [{ ...tags[0], address: 'DB1,REAL0' }] })),
    },
  ])
  gateway = await CommandGateway.start(plant)
})
afterEach(async () => {
  await gateway.kill()
  await devices.stop()
  plant.remove()
})

async function killAndStartAgain(): Promise<void> {
  await gateway.kill()
  gateway = await CommandGateway.start(plant)
}

it(`killed ${KILLS} times in every state, no accepted command is lost and none is done twice`, {
  timeout: 60_000 + KILLS * 20_000,
}, async () => {
  for (let round = 0; round < KILLS; round++) {
    devices.answer = ({ device, what }) => stages[device]?.before[what] as never
    const accepted = new Map<string, number>()
    await Promise.all(
      Object.keys(stages).map(async (key) => {
        const command = await gateway.write(key)
        if (!command) throw new Error(`${key} is not accepted`)
        accepted.set(key, command.id)
      }),
    )
    const stateOf = async (key: string) => (await gateway.command(accepted.get(key) as number)).state
    await vi.waitFor(
      async () => {
        for (const [key, { asked }] of Object.entries(stages)) {
          const found = devices.asked.some(({ id, what }) => id === accepted.get(key) && what === asked)
          expect(found, `${key} was asked`).toBe(true)
        }
        expect(await stateOf('queued')).toBe('queued')
        expect(await stateOf('cancelled')).toBe('queued')
      },
      { timeout: 20_000, interval: 20 },
    )
    expect(await gateway.cancel(accepted.get('cancelled') as number)).toBe(200)
    await vi.waitFor(
      async () => {
        for (const [key, { at }] of Object.entries(stages)) {
          if (key !== 'queued') expect([key, await stateOf(key)]).toEqual([key, at])
        }
      },
      { timeout: 20_000, interval: 20 },
    )
    // From now on everything is answered: what went out is said to be done, what did not may go.
    devices.answer = ({ what, id }) => (what === 'follow' && !devices.done.has(id) ? 'queued' : 'confirmed')
    await killAndStartAgain()
    await vi.waitFor(
      async () => {
        for (const [key, { afterwards }] of Object.entries(stages))
          expect([key, await stateOf(key)]).toEqual([key, afterwards])
      },
      { timeout: 30_000, interval: 50 },
    )
    for (const [key, { done }] of Object.entries(stages)) {
      expect([key, devices.done.get(accepted.get(key) as number) ?? 0]).toEqual([key, done])
    }
  }
})

it(`killed ${UNDER_TRAFFIC} times while commands come and go, seed ${SEED}: all that were accepted end, none was done twice`, {
  timeout: 60_000 + KILLS * 20_000,
}, async () => {
  const random = randomFrom(SEED)
  const keys = Object.keys(stages)
  const accepted = new Set<number>()
  devices.answer = ({ what, id }) => (what === 'follow' && !devices.done.has(id) ? 'queued' : 'confirmed')
  for (let round = 0; round < UNDER_TRAFFIC; round++) {
    let killed = false
    const clients = Array.from({ length: 4 }, async (_none, client) => {
      for (let at = client; !killed; at++) {
        const command = await gateway.write(keys[at % keys.length] as string)
        if (command) accepted.add(command.id)
      }
    })
    const before = accepted.size
    const wanted = 20 + Math.floor(random() * 60)
    await vi.waitFor(() => expect(accepted.size).toBeGreaterThan(before + wanted), { timeout: 30_000, interval: 1 })
    await gateway.kill()
    killed = true
    await Promise.all(clients)
    gateway = await CommandGateway.start(plant)
  }
  await vi.waitFor(async () => expect(await gateway.unfinished()).toEqual([]), { timeout: 30_000, interval: 100 })
  for (const id of accepted) {
    const { state, history = [] } = await gateway.command(id)
    expect(isFinal(state), `command ${id} is ${state}`).toBe(true)
    const states = history.map((step) => step.state)
    for (const [at, next] of states.slice(1).entries()) expect(nextStates[states[at] as CommandState]).toContain(next)
    if (state === 'confirmed') expect(devices.done.get(id)).toBe(1)
  }
  expect([...devices.done.values()].filter((times) => times > 1)).toEqual([])
})
