import { coerceNodeId, DataType, LocalizedText, type UAObject, Variant } from 'node-opcua'
import { type CommandRecord, isFinished } from '../../core/command.ts'
import { StatusCode } from '../../core/status-code.ts'
import { scalar, toDate } from '../data-values.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import { statusOfEnd } from './orders.ts'
import { idVariant, stateVariant } from './status-nodes.ts'

const SEVERITY_OF_PROGRESS = 100
const SEVERITY_OF_FAILURE = 600

/** What a command or write is called: the key of the command, or of the tag that is written. */
export const nameOf = ({ order }: CommandRecord): string => (order.kind === 'write' ? order.tag : order.command)

/** Fires a CommandEventType from the device: the command came into the state that the record has. */
export function raiseCommandEvent(
  device: UAObject,
  record: CommandRecord,
  statuses: StatusCodeCache,
  types: number,
): void {
  const { id, state, reason, changedAt, by } = record
  const status = isFinished(record) ? statusOfEnd(record) : StatusCode.GoodCompletesAsynchronously
  const hasFailed = status !== StatusCode.Good && isFinished(record)
  const what = record.order.kind === 'write' ? `Write to ${nameOf(record)}` : nameOf(record)
  const message = `${what} (${id}): ${state}${reason === '' ? '' : `: ${reason}`}`
  device.raiseEvent(coerceNodeId(`ns=${types};i=1024`), {
    time: scalar(DataType.DateTime, toDate(changedAt)),
    message: new Variant({ dataType: DataType.LocalizedText, value: new LocalizedText({ text: message }) }),
    severity: scalar(DataType.UInt16, hasFailed ? SEVERITY_OF_FAILURE : SEVERITY_OF_PROGRESS),
    commandId: idVariant(record),
    command: scalar(DataType.String, nameOf(record)),
    state: stateVariant(record),
    reason: scalar(DataType.String, reason),
    status: scalar(DataType.StatusCode, statuses.of(status)),
    user: scalar(DataType.String, by.user),
  })
}
