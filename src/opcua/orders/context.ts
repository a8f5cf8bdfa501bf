import type { Namespace, RolePermissionType } from 'node-opcua'
import type { ModelChanges } from '../address-space/model-changes.ts'
import type { NodeFactory } from '../address-space/node-factory.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import type { CommandCalls } from './command-calls.ts'
import type { CommandRecords } from './command-records.ts'

/** What the nodes of commands are made with. */
export interface CommandNodesContext {
  readonly namespace: Namespace
  readonly factory: NodeFactory
  readonly statuses: StatusCodeCache
  readonly records: CommandRecords
  readonly calls: CommandCalls
  readonly changes: ModelChanges
  /** Of what only some roles may write and call. */
  readonly permissions: readonly RolePermissionType[]
  /** Index of the namespace of Penstock's types. */
  readonly types: number
}
