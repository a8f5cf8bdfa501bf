import {
  type CommandRecord,
  type CommandRequest,
  type CommandState,
  type CommandStep,
  commandStates,
  isFinished,
  type Order,
} from '../core/command.ts'
import type { DataType, TagValue } from '../core/data-type.ts'
import { type StatusCode, statusName } from '../core/status-code.ts'
import type { PlantMirror } from '../http/live/plant-mirror.ts'
import { invalid } from './call-error.ts'
import { type TimeMessage, timeOf, timestamp } from './timestamps.ts'
import { givenValue, untypedMessage, type ValueMessage, valueMessage } from './values.ts'

/** penstock.v1.SendCommandRequest; `order` names the field that is set. */
export interface SendRequest {
  readonly device: string
  readonly order?: 'write' | 'call'
  readonly write?: { readonly tag: string; readonly value: ValueMessage | null }
  readonly call?: { readonly command: string; readonly arguments: Readonly<Record<string, ValueMessage>> }
  readonly idempotencyKey: string
  readonly deadline: TimeMessage | null
  readonly priority: number
  readonly confirmed: boolean
}

/** What is to be done, as the engine is asked for it. Throws CallError. */
export function commandRequestOf(request: SendRequest, by: CommandRequest['by']): CommandRequest {
  const { device, idempotencyKey, deadline, priority, confirmed } = request
  if (device === '') throw invalid('device', 'not set', 'the key of a device')
  return {
    device,
    order: orderOf(request),
    by,
    priority,
    confirmed,
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    ...(deadline ? { deadline: timeOf('deadline', deadline) } : {}),
  }
}

function orderOf({ write, call }: SendRequest): Order {
  if (write) {
    if (write.tag === '') throw invalid('write.tag', 'not set', 'the key of a tag of the device')
    return { kind: 'write', tag: write.tag, value: givenValue('write.value', write.value) }
  }
  if (!call) throw invalid('order', 'not set', 'one of write and call')
  if (call.command === '') throw invalid('call.command', 'not set', 'the key of a command of the device')
  const given = Object.entries(call.arguments).map(
    ([key, value]) => [key, givenValue(`call.arguments["${key.slice(0, 64)}"]`, value)] as const,
  )
  return { kind: 'command', command: call.command, arguments: Object.fromEntries(given) }
}

const stateName = (state: CommandState): string => `COMMAND_STATE_${state.toUpperCase()}`

/** Undefined: any. Throws CallError for a number that means nothing. */
export function stateOf(name: string | number): CommandState | undefined {
  if (name === 'COMMAND_STATE_UNSPECIFIED') return undefined
  const state = commandStates.find((each) => stateName(each) === name)
  if (state) return state
  throw invalid('state', String(name), `one of ${commandStates.map(stateName).join(', ')}`)
}

const statusMessage = (status: StatusCode | undefined) =>
  status === undefined ? undefined : { code: status, name: statusName(status) }

/** penstock.v1.CommandStep. */
export const stepMessage = ({ at, state, reason, status }: CommandStep) => ({
  at: timestamp(at),
  state: stateName(state),
  reason,
  status: statusMessage(status),
})

/** penstock.v1.Command; `mirror` says of which types its values are, as far as the plant has them. */
export function commandMessage(record: CommandRecord, mirror: PlantMirror | undefined) {
  const { id, device, state, reason, status, by, priority, acceptedAt, changedAt, deadline, expectedAt } = record
  return {
    id,
    device,
    ...orderMessage(record, mirror),
    state: stateName(state),
    reason,
    finished: isFinished(record),
    status: statusMessage(status),
    by,
    priority,
    acceptedAt: timestamp(acceptedAt),
    changedAt: timestamp(changedAt),
    deadline: timestamp(deadline),
    expectedAt: expectedAt === undefined ? undefined : timestamp(expectedAt),
  }
}

function orderMessage({ device, order }: CommandRecord, mirror: PlantMirror | undefined) {
  if (order.kind === 'write') {
    const type = mirror?.indexing.byId(`${device}/${order.tag}`)?.tag.type
    return { write: { tag: order.tag, value: messageOf(type, order.value) } }
  }
  const devices = mirror?.plant.sources.flatMap(({ devices }) => devices)
  const definition = devices?.find(({ key }) => key === device)?.commands?.find(({ key }) => key === order.command)
  const given = Object.entries(order.arguments).map(([key, value]) => {
    const parameter = definition?.parameters.find((each) => each.key === key)
    return [key, messageOf(parameter?.type, value)] as const
  })
  return { call: { command: order.command, arguments: Object.fromEntries(given) } }
}

const messageOf = (type: DataType | undefined, value: TagValue): ValueMessage =>
  type === undefined ? untypedMessage(value) : valueMessage(type, value)

export type CommandMessage = ReturnType<typeof commandMessage>
export type StepMessage = ReturnType<typeof stepMessage>
