import { coerceNodeId, DataType, type UAObject, type UAVariable } from 'node-opcua'
import type { SourceHealth } from '../../core/health.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { StoredHealth } from '../../link/contract.ts'
import { toHighLow } from '../data-values.ts'
import { addSteppedConfiguration } from '../history/history-configuration.ts'
import { showUnheard } from '../projected-variable.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import { type NodeFactory, publish } from './node-factory.ts'
import { SinkNodes } from './sink-nodes.ts'

/** What the gateway is, for as long as it runs. */
export interface GatewayIdentity {
  readonly version: string
  /** When the process began, milliseconds of the epoch. */
  readonly startedAt: number
  /** What it records goes to PostgreSQL too. */
  readonly sendsToPostgres?: boolean | undefined
}

export interface GatewayNodesOptions {
  readonly factory: NodeFactory
  readonly statuses: StatusCodeCache
  readonly objects: UAObject
  /** Index of the namespace of Penstock's types. */
  readonly types: number
  readonly identity: GatewayIdentity
}

/** The gateway itself at `Objects/Penstock`, and how it is: `ns=4;s=#gateway/<name>`. */
export class GatewayNodes {
  readonly object: UAObject
  readonly sourcesFolder: UAObject
  readonly #options: GatewayNodesOptions
  readonly #engineConnected: UAVariable
  readonly #tagCount: UAVariable
  readonly #uptime: UAVariable
  readonly #freeDiskSpace: UAVariable
  /** What only the engine knows. */
  readonly #told: Readonly<Record<ToldName, UAVariable>>
  readonly #sink: SinkNodes | undefined

  constructor(options: GatewayNodesOptions) {
    this.#options = options
    const { factory, objects, types, identity } = options
    const type = coerceNodeId(`ns=${types};i=1007`)
    this.object = factory.object({ id: '#gateway', name: 'Penstock', type, organizedBy: objects })
    const variable = (name: string, dataType: DataType | 'UtcTime' | 'Duration') => ({
      parent: this.object,
      id: `#gateway/${name}`,
      name,
      nameIn: types,
      dataType: typeof dataType === 'string' ? coerceNodeId(aliases[dataType]) : dataType,
    })
    factory.property(variable('Version', DataType.String), DataType.String, identity.version)
    factory.property(variable('StartTime', 'UtcTime'), DataType.DateTime, new Date(identity.startedAt))
    const component = (name: string, dataType: DataType | 'Duration') => factory.component(variable(name, dataType))
    this.#uptime = component('Uptime', 'Duration')
    this.#engineConnected = component('EngineConnected', DataType.Boolean)
    this.#tagCount = component('TagCount', DataType.UInt32)
    this.#freeDiskSpace = component('FreeDiskSpace', DataType.UInt64)
    this.#told = {
      sourceCount: component('SourceCount', DataType.UInt32),
      sourcesConnected: component('SourcesConnected', DataType.UInt32),
      storeOk: component('StoreOk', DataType.Boolean),
      storeReason: component('StoreReason', DataType.String),
      historyWaiting: component('HistoryWaiting', DataType.UInt64),
      historyLost: component('HistoryLost', DataType.UInt64),
    }
    const sink = { factory, statuses: options.statuses, gateway: this.object, types }
    this.#sink = identity.sendsToPostgres ? new SinkNodes(sink) : undefined
    addSteppedConfiguration(factory, this.object)
    this.sourcesFolder = factory.object({
      id: '#gateway/Sources',
      name: 'Sources',
      nameIn: types,
      type: 'FolderType',
      componentOf: this.object,
    })
  }

  showTagCount(count: number, now: number): void {
    publish(this.#tagCount, DataType.UInt32, count, this.#good, now)
  }

  /** Of all sources; one that the operator stopped is not missed. */
  showSources(sources: readonly Pick<SourceHealth, 'state'>[], now: number): void {
    const wanted = sources.filter(({ state }) => state !== 'stopped')
    const connected = wanted.filter(({ state }) => state === 'connected' || state === 'degraded')
    publish(this.#told.sourceCount, DataType.UInt32, wanted.length, this.#good, now)
    publish(this.#told.sourcesConnected, DataType.UInt32, connected.length, this.#good, now)
  }

  showStore({ ok, reason, history, sink }: StoredHealth, now: number): void {
    if (sink) this.#sink?.show(sink, now)
    publish(this.#told.storeOk, DataType.Boolean, ok, this.#good, now)
    publish(this.#told.storeReason, DataType.String, reason, this.#good, now)
    publish(this.#told.historyWaiting, DataType.UInt64, toHighLow(BigInt(history.waiting)), this.#good, now)
    publish(this.#told.historyLost, DataType.UInt64, toHighLow(BigInt(history.lost)), this.#good, now)
  }

  /** @param free - bytes that can still be written in the data folder; undefined: nobody can say */
  showDisk(free: number | undefined, now: number): void {
    const status = this.#options.statuses.of(free === undefined ? StatusCode.BadNoData : StatusCode.Good)
    publish(this.#freeDiskSpace, DataType.UInt64, free === undefined ? null : toHighLow(BigInt(free)), status, now)
  }

  showUptime(now: number): void {
    const uptime = Math.max(0, now - this.#options.identity.startedAt)
    publish(this.#uptime, DataType.Double, uptime, this.#good, now)
  }

  /** What is known only from the engine turns Uncertain while it is not heard. */
  showEngine(heard: boolean, now: number): void {
    publish(this.#engineConnected, DataType.Boolean, heard, this.#good, now)
    if (heard) return
    const uncertain = this.#options.statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    for (const variable of Object.values(this.#told)) showUnheard(variable, uncertain, now)
    this.#sink?.showUnheard(now)
  }

  get #good() {
    return this.#options.statuses.of(StatusCode.Good)
  }
}

type ToldName = 'sourceCount' | 'sourcesConnected' | 'storeOk' | 'storeReason' | 'historyWaiting' | 'historyLost'

/** Data types that are named beside the built-in ones. */
const aliases = { UtcTime: 'i=294', Duration: 'i=290' } as const
