import {
  type ClientSession,
  type DataValue,
  type HistoryData,
  type HistoryReadDetails,
  HistoryReadRequest,
  type HistoryReadResult,
  type HistoryReadValueIdOptions2,
  ReadRawModifiedDetails,
  TimestampsToReturn,
} from 'node-opcua'
import { nodeId } from './opcua-room.ts'

export interface RawQuestion {
  readonly start?: number
  readonly end?: number
  readonly count?: number
  readonly bounds?: boolean
  readonly modified?: boolean
}

export const rawDetails = ({ start, end, count, bounds, modified }: RawQuestion): ReadRawModifiedDetails =>
  new ReadRawModifiedDetails({
    isReadModified: modified ?? false,
    numValuesPerNode: count ?? 0,
    returnBounds: bounds ?? false,
    ...(start === undefined ? {} : { startTime: new Date(start) }),
    ...(end === undefined ? {} : { endTime: new Date(end) }),
  })

/** One HistoryRead request as it goes over the wire. */
export async function historyRead(
  session: ClientSession,
  historyReadDetails: HistoryReadDetails,
  nodesToRead: HistoryReadValueIdOptions2[],
  options: { timestampsToReturn?: TimestampsToReturn; releaseContinuationPoints?: boolean } = {},
): Promise<HistoryReadResult[]> {
  const request = new HistoryReadRequest({
    historyReadDetails,
    nodesToRead,
    timestampsToReturn: TimestampsToReturn.Both,
    ...options,
  })
  const internals = session as unknown as {
    historyRead(request: HistoryReadRequest): Promise<{ results: HistoryReadResult[] }>
  }
  return (await internals.historyRead(request)).results
}

export const valuesOf = (result: HistoryReadResult | undefined): DataValue[] =>
  (result?.historyData as HistoryData | null | undefined)?.dataValues ?? []

/** Whole milliseconds of the source time and the value of each. */
export const pairsOf = (result: HistoryReadResult | undefined): [number, unknown][] =>
  valuesOf(result).map(({ sourceTimestamp, value }) => [sourceTimestamp?.getTime() ?? Number.NaN, value.value])

/** Every answer of a read of one tag, to the last. */
export async function readAll(
  session: ClientSession,
  id: string,
  details: HistoryReadDetails,
  between: () => void | Promise<void> = () => undefined,
): Promise<HistoryReadResult[]> {
  const results: HistoryReadResult[] = []
  let continuationPoint: Buffer | undefined
  do {
    const node = { nodeId: nodeId(id), ...(continuationPoint ? { continuationPoint } : {}) }
    const [result] = await historyRead(session, details, [node])
    if (!result) throw new Error('no result')
    results.push(result)
    continuationPoint = result.continuationPoint?.length ? result.continuationPoint : undefined
    await between()
  } while (continuationPoint)
  return results
}
