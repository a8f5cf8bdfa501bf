import { coerceNodeId, DataType, type NodeId, type UAObject, type UAVariable } from 'node-opcua'
import { type SinkHealth, sinkStates } from '../../core/sink.ts'
import { StatusCode } from '../../core/status-code.ts'
import { toHighLow } from '../data-values.ts'
import { showUnheard } from '../projected-variable.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import { type NodeFactory, publish } from './node-factory.ts'

export interface SinkNodesOptions {
  readonly factory: NodeFactory
  readonly statuses: StatusCodeCache
  readonly gateway: UAObject
  /** Index of the namespace of Penstock's types. */
  readonly types: number
}

/** How PostgreSQL gets what is recorded: `ns=4;s=#gateway/Postgres…`, of a gateway that sends its samples there. */
export class SinkNodes {
  readonly #statuses: StatusCodeCache
  readonly #state: UAVariable
  readonly #reason: UAVariable
  readonly #waiting: UAVariable
  readonly #lost: UAVariable

  constructor({ factory, statuses, gateway, types }: SinkNodesOptions) {
    this.#statuses = statuses
    const component = (name: string, dataType: DataType | NodeId) =>
      factory.component({ parent: gateway, id: `#gateway/${name}`, name, nameIn: types, dataType })
    this.#state = component('PostgresState', coerceNodeId(`ns=${types};i=3003`))
    this.#reason = component('PostgresReason', DataType.String)
    this.#waiting = component('PostgresWaiting', DataType.UInt64)
    this.#lost = component('PostgresLost', DataType.UInt64)
  }

  show({ state, reason, waiting, lost }: SinkHealth, now: number): void {
    const good = this.#statuses.of(StatusCode.Good)
    publish(this.#state, DataType.Int32, sinkStates.indexOf(state), good, now)
    publish(this.#reason, DataType.String, reason, good, now)
    publish(this.#waiting, DataType.UInt64, toHighLow(BigInt(waiting)), good, now)
    publish(this.#lost, DataType.UInt64, toHighLow(BigInt(lost)), good, now)
  }

  /** Only the engine knows, and it is not heard. */
  showUnheard(now: number): void {
    const uncertain = this.#statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    for (const node of [this.#state, this.#reason, this.#waiting, this.#lost]) showUnheard(node, uncertain, now)
  }
}
