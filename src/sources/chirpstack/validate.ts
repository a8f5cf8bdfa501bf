import type { DataType } from '../../core/data-type.ts'
import type { ChirpStackSourceConfig, TagConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { keyProblems } from '../tls-problems.ts'
import { type AddressFault, type ChirpStackAddress, isAddressFault, isPolledAddress, parseAddress } from './address.ts'
import { isPayload, payloadProblems } from './payload.ts'
import type { PolledAddress } from './polled-address.ts'

type DeviceConfig = ChirpStackSourceConfig['devices'][number]

/** Everything wrong with a ChirpStack source beyond the shape of its fields; paths are relative to the source. */
export function validateChirpStack(config: Pick<ChirpStackSourceConfig, 'devices' | 'url' | 'tls'>): Problem[] {
  const problems: Problem[] = [...tlsProblems(config)]
  const owners = new Map<string, string>()
  config.devices.forEach((device, position) => {
    const path = `devices[${position}]`
    const identity = 'gatewayId' in device ? 'gatewayId' : 'devEui'
    const id = `${identity} ${idOf(device).toLowerCase()}`
    const owner = owners.get(id)
    if (owner !== undefined && !device.disabled) problems.push(sameId(`${path}.${identity}`, idOf(device), owner))
    if (!device.disabled) owners.set(id, owner ?? device.name)
    device.tags.forEach((tag, tagPosition) => {
      const found = problemsOf(tag, 'gatewayId' in device)
      problems.push(...found.map((each) => ({ ...each, path: `${path}.tags[${tagPosition}].${each.path}` })))
    })
  })
  return problems
}

const idOf = (device: DeviceConfig): string => ('gatewayId' in device ? device.gatewayId : device.devEui)

function problemsOf(tag: TagConfig, ofGateway: boolean): Problem[] {
  const address = parseAddress(tag.address)
  if (isAddressFault(address)) return [addressProblem(tag, address)]
  const misplaced = misplacement(address, ofGateway)
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
  ofGateway: boolean,
): Pick<Problem, 'message' | 'mend'> | undefined {
  const isOfGateway = isPolledAddress(address) && (address.poll === 'gateway' || address.poll === 'gateway-metric')
  if (isOfGateway === ofGateway) return undefined
  return ofGateway
    ? {
        message: 'A gateway sends no events and measures nothing; it has gateway: and gateway-metric:.',
        mend: 'Write for example gateway:state or gateway-metric:rx_packets@hour, or move the tag to a device.',
      }
    : {
        message: 'This is an end device, with a devEui; gateway: and gateway-metric: belong to one with a gatewayId.',
        mend: 'Move the tag to a device with a gatewayId, or write for example link-metric:rx_packets@hour.',
      }
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
  const what = path.endsWith('gatewayId') ? 'gateway id' : 'DevEUI'
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
