import {
  AttributeIds,
  BrowseDirection,
  ClientMonitoredItemGroup,
  type ClientSession,
  type ClientSubscription,
  type DataValue,
  TimestampsToReturn,
} from 'node-opcua'
import { ClientFailure, ExitCode } from './failure.ts'
import { plainDataValue, showTime, showValue } from './format.ts'
import { expandNodeId, findNamespaces, isTagId, type PlantNamespaces, shortenNodeId } from './node-ids.ts'
import type { ClientOptions, Output } from './options.ts'
import { isUnknown } from './read.ts'
import { withSession } from './session.ts'

const PUBLISHING_MS = 250
const SAMPLING_MS = 100
const QUEUE = 20

/**
 * Prints each change of the named tags, of all tags of a named device, or of every tag, one a line, until `signal`
 * aborts. Throws ClientFailure: unknownNode for a name that is nothing, unreachable when the connection breaks.
 */
export async function watch(
  ids: readonly string[],
  options: ClientOptions,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  return withSession(options, out, async ({ session, lost }) => {
    const namespaces = await findNamespaces(session)
    const nodeIds = await resolveNodes(session, ids, namespaces)
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: PUBLISHING_MS,
      requestedMaxKeepAliveCount: 20,
      requestedLifetimeCount: 200,
      publishingEnabled: true,
    })
    const group = monitor(subscription, nodeIds)
    group.on('changed', (item: { itemToMonitor: { nodeId: unknown } }, value: DataValue) => {
      out.line(lineOf(shortenNodeId(String(item.itemToMonitor.nodeId), namespaces), value, options.json))
    })
    group.on('err', (message: string) => out.notice(`Some nodes cannot be watched: ${message}`))
    const end = await Promise.race([aborted(signal), lost.then(() => 'lost' as const)])
    if (end === 'lost') throw new ClientFailure(ExitCode.unreachable, `The connection to ${options.endpoint} broke`)
    await subscription.terminate()
    return ExitCode.ok
  })
}

function monitor(subscription: ClientSubscription, nodeIds: readonly string[]): ClientMonitoredItemGroup {
  return ClientMonitoredItemGroup.create(
    subscription,
    nodeIds.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value })),
    { samplingInterval: SAMPLING_MS, queueSize: QUEUE, discardOldest: true },
    TimestampsToReturn.Both,
  )
}

function lineOf(id: string, value: DataValue, json: boolean): string {
  if (json) return JSON.stringify(plainDataValue(id, value))
  return `${showTime(value.sourceTimestamp)}  ${id}  ${showValue(value.value)}  ${value.statusCode.name}`
}

const aborted = (signal: AbortSignal): Promise<'aborted'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('aborted')
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true })
  })

async function resolveNodes(
  session: ClientSession,
  ids: readonly string[],
  namespaces: PlantNamespaces,
): Promise<string[]> {
  if (ids.length === 0) return tagsOf(session, await devicesOf(session, namespaces), namespaces)
  const nodeIds = ids.map((id) => expandNodeId(id, namespaces))
  const values = await session.read(nodeIds.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value })))
  const unread = nodeIds.filter((_nodeId, position) => isUnknown(values[position]?.statusCode.value ?? 0))
  const tags = await tagsOf(session, unread, namespaces)
  const unknown = unread.filter((device) => !tags.some((tag) => tag.startsWith(`${device}/`)))
  if (unknown.length > 0) {
    const names = unknown.map((nodeId) => shortenNodeId(nodeId, namespaces)).join(', ')
    throw new ClientFailure(ExitCode.unknownNode, `Neither a tag nor a device on this server: ${names}`)
  }
  return [...nodeIds.filter((nodeId) => !unread.includes(nodeId)), ...tags]
}

const devicesOf = async (session: ClientSession, namespaces: PlantNamespaces): Promise<string[]> => {
  const children = await childrenOf(session, [`ns=${namespaces.di};i=5001`])
  return children.filter((nodeId) => nodeId.startsWith(`ns=${namespaces.plant};`))
}

const tagsOf = async (session: ClientSession, devices: readonly string[], namespaces: PlantNamespaces) => {
  const children = devices.length === 0 ? [] : await childrenOf(session, devices)
  return children.filter((nodeId) => isTagId(shortenNodeId(nodeId, namespaces)))
}

async function childrenOf(session: ClientSession, nodeIds: readonly string[]): Promise<string[]> {
  const results = await session.browse(
    nodeIds.map((nodeId) => ({
      nodeId,
      browseDirection: BrowseDirection.Forward,
      referenceTypeId: 'HasComponent',
      includeSubtypes: true,
      resultMask: 63,
    })),
  )
  return results.flatMap(({ references }) => (references ?? []).map(({ nodeId }) => nodeId.toString()))
}
