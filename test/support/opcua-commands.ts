import type { ClientSession, UserIdentityInfo } from 'node-opcua'
import type { CommandConfig, CommandRequest, ParameterConfig } from '../../src/core/command.ts'
import { dataTypes } from '../../src/core/data-type.ts'
import type { ModbusDeviceConfig, Plant, TagConfig } from '../../src/core/plant.ts'
import type { OpcuaSettings } from '../../src/opcua/settings.ts'
import { asUser, type RoomUnderTest, startRoom } from './opcua-room.ts'
import { aModbusDevice, aPlant, aTag } from './small-plant.ts'

export const commandUsers = [
  { name: 'olga', password: 'observer-password', role: 'Observer' },
  { name: 'otto', password: 'operator-password', role: 'Operator' },
  { name: 'emil', password: 'engineer-password', role: 'Engineer' },
] as const

export const [observer, operator, engineer] = commandUsers

export const identityOf = ({ name, password }: (typeof commandUsers)[number]): UserIdentityInfo =>
  asUser(name, password)

const writable = (key: string, rest: Partial<TagConfig> = {}) => aTag(key, { access: 'readWrite', ...rest })

const aParameter = (key: string, rest: Partial<ParameterConfig> = {}): ParameterConfig => ({
  key,
  name: key,
  type: 'Double',
  ...rest,
})

export const aCommand = (key: string, rest: Partial<CommandConfig> = {}): CommandConfig => ({
  key,
  name: `Name of ${key}`,
  parameters: [],
  ...rest,
})

export const pumpCommands: readonly CommandConfig[] = [
  aCommand('stop', { description: 'Stops the pump' }),
  aCommand('run-at', {
    parameters: [aParameter('speed', { name: 'Speed', unit: 'rpm', range: { low: 0, high: 3_000 } })],
  }),
  aCommand('dose', {
    parameters: [
      aParameter('amount', { type: 'Int64', range: { low: 1, high: 10_000 } }),
      aParameter('mode', {
        type: 'Int32',
        states: [
          { value: 1, name: 'Slow', codes: [] },
          { value: 2, name: 'Fast', codes: [] },
        ],
        default: 1,
      }),
    ],
  }),
  aCommand('purge', { needsConfirmation: true, minIntervalMs: 300_000, onlyWhen: [{ tag: 'pump/flow', below: 1 }] }),
]

export const pump = (rest: Partial<ModbusDeviceConfig> = {}): ModbusDeviceConfig =>
  aModbusDevice('pump', [writable('speed', { range: { low: 0, high: 3_000 } }), aTag('flow')], {
    commands: pumpCommands,
    ...rest,
  })

/** A pump with commands, a tank with a level that can be written, and a sampler with a writable tag of each type. */
export const commandPlant = (pumpNow: ModbusDeviceConfig = pump()): Plant =>
  aPlant([
    pumpNow,
    aModbusDevice('tank', [writable('level')]),
    aModbusDevice('sampler', [
      ...dataTypes.map((type) => writable(type.toLowerCase(), { type })),
      ...dataTypes.map((type) => writable(`${type.toLowerCase()}-list`, { type, arrayLength: 3 })),
    ]),
    aModbusDevice('meter', [aTag('energy')]),
  ])

export interface CommandRoom extends RoomUnderTest {
  /** What reached the engine, in order. */
  readonly asked: CommandRequest[]
  /** By user. */
  readonly sessions: Readonly<Record<(typeof commandUsers)[number]['name'], ClientSession>>
}

/** A room with a session of each role, encrypted, and an engine that accepts everything and confirms it at once. */
export async function startCommandRoom(settings: Partial<OpcuaSettings> = {}): Promise<CommandRoom> {
  const room = await startRoom({ plant: commandPlant(), settings: { users: commandUsers, ...settings } })
  // One after the other: the clients share a certificate, which the first makes.
  const olga = await room.session(identityOf(observer))
  const otto = await room.session(identityOf(operator))
  const emil = await room.session(identityOf(engineer))
  const asked: CommandRequest[] = []
  const made = Object.assign(room, { asked, sessions: { olga, otto, emil } })
  obey(made)
  return made
}

/** The engine accepts everything and confirms it at once, and forgets what it was asked before. */
export function obey({ engine, asked }: CommandRoom): void {
  asked.length = 0
  engine.onCommand = (request) => {
    asked.push(request)
    const accepted = engine.accept(request)
    setImmediate(() =>
      engine.tellCommand(accepted, { state: 'confirmed', changedAt: accepted.changedAt + 1, status: 0 }),
    )
    return { accepted }
  }
}
