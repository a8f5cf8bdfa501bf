import {
  type ClientSession,
  coerceNodeId,
  type DataType,
  DataTypeIds,
  DataValue,
  type ExtensionObject,
  HistoryUpdateRequest,
  type HistoryUpdateResult,
  type StatusCode,
  type Variant,
} from 'node-opcua'
import { nodeId } from './opcua-room.ts'

/** PerformUpdateType of OPC 10000-11 §6.8.3. */
export const Perform = { insert: 1, replace: 2, update: 3, remove: 4 } as const

type Name = 'UpdateDataDetails' | 'DeleteRawModifiedDetails' | 'DeleteAtTimeDetails' | 'UpdateEventDetails'

/** Details of HistoryUpdate; their classes are known to the library, which does not export them. */
export function detailsOf(session: ClientSession, name: Name, fields: object): Promise<ExtensionObject> {
  return session.constructExtensionObject(coerceNodeId(DataTypeIds[name]), fields as Record<string, unknown>)
}

export interface Written {
  readonly time?: number
  readonly value: unknown
  readonly type: DataType
  readonly status?: StatusCode
  readonly array?: boolean
}

export const writing = (session: ClientSession, tag: string, perform: number, values: readonly Written[]) =>
  detailsOf(session, 'UpdateDataDetails', {
    nodeId: nodeId(tag),
    performInsertReplace: perform,
    updateValues: values.map(
      ({ time, value, type, status, array }) =>
        new DataValue({
          value: { dataType: type, value, arrayType: array ? 1 : 0 } as unknown as Variant,
          ...(status ? { statusCode: status } : {}),
          ...(time === undefined ? {} : { sourceTimestamp: new Date(time) }),
        }),
    ),
  })

export const deletingRange = (
  session: ClientSession,
  tag: string,
  start: number,
  end: number,
  isDeleteModified = false,
) =>
  detailsOf(session, 'DeleteRawModifiedDetails', {
    nodeId: nodeId(tag),
    isDeleteModified,
    startTime: new Date(start),
    endTime: new Date(end),
  })

export const deletingTimes = (session: ClientSession, tag: string, times: readonly number[]) =>
  detailsOf(session, 'DeleteAtTimeDetails', { nodeId: nodeId(tag), reqTimes: times.map((time) => new Date(time)) })

/** One HistoryUpdate request as it goes over the wire. */
export async function historyUpdate(
  session: ClientSession,
  ...historyUpdateDetails: ExtensionObject[]
): Promise<HistoryUpdateResult[]> {
  const request = new HistoryUpdateRequest({ historyUpdateDetails } as ConstructorParameters<
    typeof HistoryUpdateRequest
  >[0])
  const internals = session as unknown as {
    performMessageTransaction(request: HistoryUpdateRequest): Promise<{ results: HistoryUpdateResult[] | null }>
  }
  return (await internals.performMessageTransaction(request)).results ?? []
}
