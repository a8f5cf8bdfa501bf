import type { DataType } from '../../core/data-type.ts'
import type { ChirpStackSourceConfig, TagConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { type AddressFault, type ChirpStackAddress, isAddressFault, parseAddress } from './address.ts'
import { payloadProblems } from './payload.ts'

/** Everything wrong with a ChirpStack source beyond the shape of its fields; paths are relative to the source. */
export function validateChirpStack(config: ChirpStackSourceConfig): Problem[] {
  const problems: Problem[] = []
  const owners = new Map<string, string>()
  config.devices.forEach((device, position) => {
    const path = `devices[${position}]`
    const devEui = device.devEui.toLowerCase()
    const owner = owners.get(devEui)
    if (owner !== undefined && !device.disabled) problems.push(sameDevEui(path, device.devEui, owner))
    if (!device.disabled) owners.set(devEui, owner ?? device.name)
    device.tags.forEach((tag, tagPosition) => {
      const address = parseAddress(tag.address)
      const found = isAddressFault(address) ? [addressProblem(tag, address)] : tagProblems(tag, address)
      problems.push(...found.map((each) => ({ ...each, path: `${path}.tags[${tagPosition}].${each.path}` })))
    })
  })
  return problems
}

const addressProblem = (tag: TagConfig, { column, message, mend }: AddressFault): Problem => ({
  path: 'address',
  value: showValue(tag.address),
  message: `At column ${column}: ${message}`,
  mend,
})

function tagProblems(tag: TagConfig, address: ChirpStackAddress): Problem[] {
  const problems = payloadProblems(tag, address)
  if (address.event !== 'device') return problems
  const isText = address.path[0] === 'lastSeen'
  const allowed: readonly DataType[] = isText ? ['String', 'Int64', 'UInt64', 'Double'] : durationTypes
  if (allowed.includes(tag.type)) return problems
  const message = `A tag of type ${tag.type} cannot hold it; allowed are ${allowed.join(', ')}.`
  const mend = isText ? 'A String is ISO 8601, a number milliseconds of the epoch.' : 'It is in seconds.'
  return [...problems, { path: 'type', value: showValue(tag.type), message, mend }]
}

/** What holds the seconds of any interval. */
const durationTypes = ['Double', 'Float', 'UInt32', 'Int32', 'UInt64', 'Int64'] as const

function sameDevEui(path: string, devEui: string, owner: string): Problem {
  return {
    path: `${path}.devEui`,
    value: showValue(devEui),
    message: `The device "${owner}" of this source has the same DevEUI.`,
    mend: 'Give each device its own DevEUI, or put all tags of the device into one.',
  }
}
