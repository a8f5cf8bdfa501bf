import { coerceNodeId, DataType, type NodeId, type UAObject, type UAVariable, type Variant } from 'node-opcua'
import { type CommandRecord, commandStates } from '../../core/command.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { NodeFactory } from '../address-space/node-factory.ts'
import { makeDataValue, nullVariant, scalar, toDate, toHighLow } from '../data-values.ts'
import { setDataValue, showUnheard } from '../projected-variable.ts'
import type { StatusCodeCache } from '../status-codes.ts'

export interface StatusNodesOptions {
  readonly factory: NodeFactory
  readonly statuses: StatusCodeCache
  readonly parent: UAObject
  /** Begins the identifiers of the variables. */
  readonly id: string
  /** Index of the namespace of Penstock's types. */
  readonly types: number
}

/** NodeId of CommandStateEnumeration, whose values are the positions in `commandStates`. */
export const commandStateType = (types: number): NodeId => coerceNodeId(`ns=${types};i=3011`)

export const stateVariant = ({ state }: CommandRecord): Variant => scalar(DataType.Int32, commandStates.indexOf(state))

export const idVariant = ({ id }: CommandRecord): Variant => scalar(DataType.UInt64, toHighLow(BigInt(id)))

/** What CommandStatusType has: how the newest command is. BadWaitingForInitialData before there was one. */
export class StatusNodes {
  readonly #options: StatusNodesOptions
  readonly #nodes: readonly { readonly node: UAVariable; readonly variantOf: (record: CommandRecord) => Variant }[]

  constructor(options: StatusNodesOptions) {
    this.#options = options
    const { factory, parent, id, types } = options
    const component = (name: string, dataType: DataType | NodeId, variantOf: (record: CommandRecord) => Variant) => ({
      node: factory.component({ parent, id: `${id}#${name}`, name, nameIn: types, dataType }),
      variantOf,
    })
    const utcTime = coerceNodeId('i=294')
    this.#nodes = [
      component('CommandId', DataType.UInt64, idVariant),
      component('State', commandStateType(types), stateVariant),
      component('Reason', DataType.String, ({ reason }) => scalar(DataType.String, reason)),
      component('AcceptedAt', utcTime, ({ acceptedAt }) => scalar(DataType.DateTime, toDate(acceptedAt))),
      component('ChangedAt', utcTime, ({ changedAt }) => scalar(DataType.DateTime, toDate(changedAt))),
      component('ExpectedAt', utcTime, ({ expectedAt }) =>
        expectedAt === undefined ? nullVariant() : scalar(DataType.DateTime, toDate(expectedAt)),
      ),
    ]
  }

  /** Shows the record; not current: the command has come further meanwhile, and nobody knows where to. */
  show(record: CommandRecord, isCurrent: boolean, now: number): void {
    const { statuses } = this.#options
    const known = isCurrent ? StatusCode.Good : StatusCode.UncertainLastUsableValue
    for (const { node, variantOf } of this.#nodes) {
      const value = variantOf(record)
      const status = value.dataType === DataType.Null ? StatusCode.BadNoData : known
      setDataValue(node, makeDataValue(value, statuses.of(status), record.changedAt, now))
    }
  }

  /** The engine is not heard. */
  showUnheard(now: number): void {
    const uncertain = this.#options.statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    for (const { node } of this.#nodes) showUnheard(node, uncertain, now)
  }
}
