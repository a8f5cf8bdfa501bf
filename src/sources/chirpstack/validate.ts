import type { DataType } from '../../core/data-type.ts'
import { everyTime, type Once } from '../../core/once.ts'
import type { ChirpStackSourceConfig, TagConfig } from '../../core/plant.ts'
import { below, type Problem, showValue } from '../../core/problem.ts'
import { keyProblems } from '../tls-problems.ts'
import { type AddressFault, type ChirpStackAddress, isAddressFault, isPolledAddress, parseAddress } from './address.ts'
import { isPayload, payloadProblems } from './payload.ts'
import type { PolledAddress } from './polled-address.ts'

type DeviceConfig = ChirpStackSourceConfig['devices'][number]

/** Everything wrong with a ChirpStack source beyond the shape of its fields; paths are relative to the source. */
export function validateChirpStack(
  config: Pick<ChirpStackSourceConfig, 'devices' | 'url' | 'tls'>,
  once: Once = everyTime,
): Problem[] {
  const problems: Problem[] = [...tlsProblems(config)]
  const owners = new Map<string, string>()
  config.devices.forEach((device, position) => {
    const path = `devices[${position}]`
    const identity = kindOf(device)
    const id = `${identity} ${idOf(device).toLowerCase()}`
    const owner = owners.get(id)
    if (owner !== undefined && !device.disabled) problems.push(sameId(`${path}.${identity}`, idOf(device), owner))
    if (!device.disabled) owners.set(id, owner ?? device.name)
    problems.push(...below(path, once(problemsOfDevice, device)))
  })
  return problems
}

/** Paths are relative to the device. */
function problemsOfDevice(device: DeviceConfig): Problem[] {
  const identity = kindOf(device)
  const ofTags = device.tags.flatMap((tag, position) => below(`tags[${position}]`, problemsOf(tag, identity)))
  return identity === 'multicastGroup' ? [...ofTags, ...groupCommandProblems(device)] : ofTags
}

type Kind = 'devEui' | 'gatewayId' | 'multicastGroup'

const kindOf = (device: DeviceConfig): Kind => {
  if ('gatewayId' in device) return 'gatewayId'
  return 'multicastGroup' in device ? 'multicastGroup' : 'devEui'
}

function idOf(device: DeviceConfig): string {
  if ('gatewayId' in device) return device.gatewayId
  return 'multicastGroup' in device ? device.multicastGroup : device.devEui
}

/** A group has no codec, and none of its devices acknowledges what it hears with the others. */
function groupCommandProblems({ commands = [] }: DeviceConfig): Problem[] {
  return commands.flatMap(({ downlink }, position): Problem[] => {
    const at = `commands[${position}].downlink`
    return [
      ...(downlink?.confirmed
        ? [
            {
              path: `${at}.confirmed`,
              value: 'true',
              message: 'No device acknowledges what is sent to a multicast group.',
              mend: 'Remove it, or make it a command of each device.',
            },
          ]
        : []),
      ...(downlink?.object === undefined
        ? []
        : [
            {
              path: `${at}.object`,
              message: 'ChirpStack has no codec for what is sent to a multicast group.',
              mend: 'Write a payload in its place.',
            },
          ]),
    ]
  })
}

function problemsOf(tag: TagConfig, ofWhat: Kind): Problem[] {
  const address = parseAddress(tag.address)
  if (isAddressFault(address)) return [addressProblem(tag, address)]
  const misplaced = misplacement(address, ofWhat)
  if (misplaced) return [{ path: 'address', value: showValue(tag.address), ...misplaced }]
  const misshapen = shapeProblem(tag, address)
  if (misshapen) return [misshapen]
  return isPolledAddress(address) ? [] : tagProblems(tag, address)
}

const addressProblem = (tag: TagConfig, { column, message, mend }: AddressFault): Problem => ({
  path: 'address',
  value: showValue(tag.address),
  message: `At column ${column}: ${message}`,
  mend,
})

function misplacement(
  address: ChirpStackAddress | PolledAddress,
  ofWhat: Kind,
): Pick<Problem, 'message' | 'mend'> | undefined {
  return placeOf(address) === ofWhat ? undefined : misplaced[ofWhat]
}

function placeOf(address: ChirpStackAddress | PolledAddress): Kind {
  if (!isPolledAddress(address)) return 'devEui'
  if (address.poll === 'group') return 'multicastGroup'
  return address.poll === 'gateway' || address.poll === 'gateway-metric' ? 'gatewayId' : 'devEui'
}

const misplaced: Readonly<Record<Kind, Pick<Problem, 'message' | 'mend'>>> = {
  gatewayId: {
    message: 'A gateway sends no events and measures nothing; it has gateway: and gateway-metric:.',
    mend: 'Write for example gateway:state or gateway-metric:rx_packets@hour, or move the tag to a device.',
  },
  multicastGroup: {
    message: 'A multicast group sends nothing; it has group:.',
    mend: 'Write for example group:queue or group:devices, or move the tag to a device.',
  },
  devEui: {
    message:
      'This is an end device, with a devEui; gateway: and gateway-metric: belong to one with a gatewayId, group: to one with a multicastGroup.',
    mend: 'Move the tag there, or write for example link-metric:rx_packets@hour.',
  },
}

/** Arrays, and moments, are only where something can say one. */
function shapeProblem(tag: TagConfig, address: ChirpStackAddress | PolledAddress): Problem | undefined {
  const single = isPolledAddress(address) || address.event === 'device' || isPayload(address) || isLink(address)
  if (tag.arrayLength !== undefined && single) {
    const message = 'The address is that of a single value.'
    const mend = 'Leave the arrayLength out, or name a list in the decoded object, such as object.readings.'
    return { path: 'arrayLength', value: showValue(tag.arrayLength), message, mend }
  }
  if (tag.type !== 'DateTime' || saysMoments(address)) return undefined
  const message = 'The address is not that of a date and time.'
  const mend = 'Choose another type, or name a text of ISO 8601, such as object.measuredAt or inventory:lastSeenAt.'
  return { path: 'type', value: showValue(tag.type), message, mend }
}

function saysMoments(address: ChirpStackAddress | PolledAddress): boolean {
  if (!isPolledAddress(address)) {
    return address.event === 'device' ? address.path[0] === 'lastSeen' : !isPayload(address) && !isLink(address)
  }
  if (address.poll === 'inventory' || address.poll === 'gateway') return address.name === 'lastSeenAt'
  return address.poll === 'state'
}

const isLink = ({ event, path }: ChirpStackAddress): boolean => event === 'up' && path[0] === 'link'

function tagProblems(tag: TagConfig, address: ChirpStackAddress): Problem[] {
  const problems = payloadProblems(tag, address)
  if (address.event !== 'device') return problems
  const isText = address.path[0] === 'lastSeen'
  const allowed: readonly DataType[] = isText ? ['DateTime', 'String', 'Int64', 'UInt64', 'Double'] : durationTypes
  if (allowed.includes(tag.type)) return problems
  const message = `A tag of type ${tag.type} cannot hold it; allowed are ${allowed.join(', ')}.`
  const mend = isText ? 'A String is ISO 8601, a number milliseconds of the epoch.' : 'It is in seconds.'
  return [...problems, { path: 'type', value: showValue(tag.type), message, mend }]
}

/** What holds the seconds of any interval. */
const durationTypes = ['Double', 'Float', 'UInt32', 'Int32', 'UInt64', 'Int64'] as const

function sameId(path: string, id: string, owner: string): Problem {
  const what = path.endsWith('gatewayId') ? 'gateway id' : path.endsWith('devEui') ? 'DevEUI' : 'multicast group'
  return {
    path,
    value: showValue(id),
    message: `The device "${owner}" of this source has the same ${what}.`,
    mend: `Give each device its own ${what}, or put all tags of the device into one.`,
  }
}

/** What does not fit together in `tls`; what its files hold is looked at when they are used. */
function* tlsProblems({ url, tls }: Pick<ChirpStackSourceConfig, 'url' | 'tls'>): Generator<Problem> {
  if (!tls) return
  if (url.startsWith('http:')) {
    const message = 'The address of the source is http://, where there is no TLS.'
    yield { path: 'tls', message, mend: 'Write https:// in url, or remove the section tls.' }
  }
  yield* keyProblems(tls)
}
