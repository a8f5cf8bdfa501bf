import { AttributeIds, type DataValue, StatusCodes } from 'node-opcua'
import { ClientFailure, ExitCode } from './failure.ts'
import { plainDataValue, showTime, showValue, table } from './format.ts'
import { expandNodeId, findNamespaces } from './node-ids.ts'
import type { ClientOptions, Output } from './options.ts'
import { withSession } from './session.ts'

/** Prints value, status and source time of each node. Answers the exit code: unknownNode when one does not exist. */
export async function read(ids: readonly string[], options: ClientOptions, out: Output): Promise<number> {
  if (ids.length === 0) throw new ClientFailure(ExitCode.usage, 'Name at least one tag, as device/tag, or a NodeId')
  return withSession(options, out, async ({ session, requests }) => {
    const namespaces = await findNamespaces(session)
    const nodes = ids.map((id) => ({ nodeId: expandNodeId(id, namespaces), attributeId: AttributeIds.Value }))
    const values = await requests.read(nodes)
    const rows = ids.map((id, position) => [id, values[position] as DataValue] as const)
    if (options.json) {
      for (const [id, value] of rows) out.line(JSON.stringify(plainDataValue(id, value)))
    } else {
      const cells = rows.map(([id, value]) => [
        id,
        showValue(value.value),
        value.statusCode.name,
        showTime(value.sourceTimestamp),
      ])
      for (const line of table([['NODE', 'VALUE', 'STATUS', 'SOURCE TIME'], ...cells])) out.line(line)
    }
    const unknown = rows.filter(([, { statusCode }]) => isUnknown(statusCode.value)).map(([id]) => id)
    if (unknown.length > 0) out.notice(`Not on this server: ${unknown.join(', ')}. "browse" lists what is.`)
    return unknown.length > 0 ? ExitCode.unknownNode : ExitCode.ok
  })
}

const unknownStatuses = [StatusCodes.BadNodeIdUnknown, StatusCodes.BadNodeIdInvalid, StatusCodes.BadAttributeIdInvalid]

/** No such node, or one that has no value. */
export const isUnknown = (status: number): boolean => unknownStatuses.some(({ value }) => value === status)
