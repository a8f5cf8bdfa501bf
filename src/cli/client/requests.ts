import {
  AttributeIds,
  BrowseDirection,
  type BrowseResult,
  type ClientMonitoredItemBase,
  ClientMonitoredItemGroup,
  type ClientSession,
  type ClientSubscription,
  type DataValue,
  type MonitoringParametersOptions,
  type ReadValueIdOptions,
  type ReferenceDescription,
  StatusCodes,
  TimestampsToReturn,
  VariableIds,
} from 'node-opcua'
import { describeError } from '../../core/errors.ts'
import { ClientFailure, ExitCode } from './failure.ts'

/** Nodes or items of one request where the server allows more. */
const BATCH = 500

/** OPC 10000-5 §6.3.11: how many operations the server takes in one request. */
interface OperationLimits {
  readonly read: number
  readonly browse: number
  readonly monitor: number
}

/** Children that are asked for. */
export interface ChildrenFilter {
  readonly referenceTypeId: string
  /** Bits of NodeClassMask; absent: every class. */
  readonly nodeClassMask?: number
}

/**
 * The requests of the commands, cut to what the server takes at once. Throws ClientFailure: refused where the
 * server does not take one all the same, unreachable where the connection breaks.
 */
export class Requests {
  readonly #session: ClientSession
  readonly #limits: OperationLimits

  private constructor(session: ClientSession, limits: OperationLimits) {
    this.#session = session
    this.#limits = limits
  }

  /** Asks the server for its limits. */
  static async of(session: ClientSession): Promise<Requests> {
    const limit = async (id: VariableIds) => {
      // One at a time: the server may take no more than that.
      const { statusCode, value } = await session.read({ nodeId: `i=${id}`, attributeId: AttributeIds.Value })
      const most: unknown = value.value
      // 0 is no limit, and a server without the node says none (OPC 10000-5 §6.3.11).
      return statusCode.isGood() && typeof most === 'number' && most > 0 ? Math.min(most, BATCH) : BATCH
    }
    const limits = {
      read: await limit(VariableIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead),
      browse: await limit(VariableIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse),
      monitor: await limit(VariableIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall),
    }
    return new Requests(session, limits)
  }

  /** One DataValue for each, in order. */
  async read(nodes: readonly ReadValueIdOptions[]): Promise<DataValue[]> {
    const values: DataValue[] = []
    for (const batch of batches(nodes, this.#limits.read)) {
      values.push(...(await served(`read ${batch.length} nodes`, this.#session.read(batch))))
    }
    return values
  }

  /** All children of each node, in order, however many answers that takes; none of a node that does not exist. */
  async childrenOf(nodeIds: readonly string[], filter: ChildrenFilter): Promise<ReferenceDescription[][]> {
    const found = new Map<string, ReferenceDescription[]>()
    let waiting: readonly string[] = [...new Set(nodeIds)]
    while (waiting.length > 0) {
      const later: string[] = []
      for (const batch of batches(waiting, this.#limits.browse)) {
        const results = await served(`browse ${batch.length} nodes`, this.#session.browse(batch.map(browseOf(filter))))
        for (const [position, nodeId] of batch.entries()) {
          const result = results[position]
          if (!result || result.statusCode.equals(StatusCodes.BadNoContinuationPoints)) later.push(nodeId)
          else found.set(nodeId, await this.#complete(nodeId, result))
        }
      }
      // The server ran out of continuation points; those of this round are free again.
      if (later.length === waiting.length) throw refusal(`browse ${later[0]}`, 'BadNoContinuationPoints')
      waiting = later
    }
    return nodeIds.map((nodeId) => found.get(nodeId) ?? [])
  }

  /** Monitors the value of each node; answers those that the server refuses, with its words. */
  async monitor(
    subscription: ClientSubscription,
    nodeIds: readonly string[],
    parameters: MonitoringParametersOptions,
    onValue: (nodeId: string, value: DataValue) => void,
  ): Promise<{ nodeId: string; status: string }[]> {
    const refused: { nodeId: string; status: string }[] = []
    for (const batch of batches(nodeIds, this.#limits.monitor)) {
      const items = batch.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value }))
      const group = ClientMonitoredItemGroup.create(subscription, items, parameters, TimestampsToReturn.Both)
      group.on('changed', (item: ClientMonitoredItemBase, value: DataValue) => {
        onValue(String(item.itemToMonitor.nodeId), value)
      })
      const created = new Promise<void>((resolve, reject) => {
        group.once('initialized', () => resolve())
        group.once('err', (message: string) => reject(new Error(message)))
      })
      await served(`monitor ${batch.length} nodes`, created)
      for (const [position, nodeId] of batch.entries()) {
        const status = group.monitoredItems[position]?.statusCode
        if (status?.isNotGood()) refused.push({ nodeId, status: status.name })
      }
    }
    return refused
  }

  async #complete(nodeId: string, result: BrowseResult): Promise<ReferenceDescription[]> {
    const { statusCode } = result
    if (statusCode.equals(StatusCodes.BadNodeIdUnknown) || statusCode.equals(StatusCodes.BadNodeIdInvalid)) return []
    if (statusCode.isNotGood()) throw refusal(`browse ${nodeId}`, statusCode.name)
    const references = [...(result.references ?? [])]
    for (let point = result.continuationPoint; point && point.length > 0; ) {
      const more = await served(`go on browsing ${nodeId}`, this.#session.browseNext(point, false))
      if (more.statusCode.isNotGood()) throw refusal(`go on browsing ${nodeId}`, more.statusCode.name)
      references.push(...(more.references ?? []))
      point = more.continuationPoint
    }
    return references
  }
}

const browseOf = (filter: ChildrenFilter) => (nodeId: string) => ({
  nodeId,
  browseDirection: BrowseDirection.Forward,
  includeSubtypes: true,
  resultMask: 63,
  ...filter,
})

async function served<Answer>(what: string, request: Promise<Answer>): Promise<Answer> {
  try {
    return await request
  } catch (error) {
    const reason = describeError(error)
    if (/Bad[A-Z]/.test(reason) && !/Bad\w*(Connection|Communication|Timeout|Channel|Session|Shutdown)/.test(reason)) {
      throw refusal(what, reason, error)
    }
    const message = `The connection broke on the request to ${what}: ${reason}`
    throw new ClientFailure(ExitCode.unreachable, message, { cause: error })
  }
}

const refusal = (what: string, reason: string, cause?: unknown): ClientFailure =>
  new ClientFailure(ExitCode.refused, `The server refuses to ${what}: ${reason}`, { cause })

function* batches<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}
