import type { DataValue, NodeId } from 'node-opcua'

/** What HistoryUpdate is asked for, as node-opcua decodes it; it does not export these structures. */
interface Decoded<Name extends string> {
  readonly schema: { readonly name: Name }
  readonly nodeId: NodeId
}

/** OPC 10000-11 §6.8.2. */
export interface UpdateDataDetails extends Decoded<'UpdateDataDetails'> {
  /** A PerformUpdateType. */
  readonly performInsertReplace: number
  readonly updateValues: readonly DataValue[] | null
}

/** OPC 10000-11 §6.9.2. */
export interface DeleteRawModifiedDetails extends Decoded<'DeleteRawModifiedDetails'> {
  readonly isDeleteModified: boolean
  readonly startTime: Date | null
  readonly endTime: Date | null
}

/** OPC 10000-11 §6.9.3. */
export interface DeleteAtTimeDetails extends Decoded<'DeleteAtTimeDetails'> {
  readonly reqTimes: readonly Date[] | null
}

/** The details that there is an answer to. */
export type UpdateDetails = UpdateDataDetails | DeleteRawModifiedDetails | DeleteAtTimeDetails

const known: readonly string[] = [
  'UpdateDataDetails',
  'DeleteRawModifiedDetails',
  'DeleteAtTimeDetails',
] satisfies UpdateDetails['schema']['name'][]

/** Undefined for other details, and for none. */
export function updateDetails(decoded: unknown): UpdateDetails | undefined {
  const { schema } = (decoded ?? {}) as { readonly schema?: { readonly name?: string } }
  return schema?.name !== undefined && known.includes(schema.name) ? (decoded as UpdateDetails) : undefined
}
