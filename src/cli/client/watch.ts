import { AttributeIds, type ClientSession, type ClientSubscription, type DataValue } from 'node-opcua'
import { type Clock, type Milliseconds, systemClock } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import { ClientFailure, ExitCode } from './failure.ts'
import { plainDataValue, showTime, showValue } from './format.ts'
import { expandNodeId, findNamespaces, isTagId, type PlantNamespaces, shortenNodeId } from './node-ids.ts'
import type { ClientOptions, Output } from './options.ts'
import { isUnknown } from './read.ts'
import type { Requests } from './requests.ts'
import { withSession } from './session.ts'

const PUBLISHING_MS = 250
const SAMPLING_MS = 100
const QUEUE = 20
/** The server speaks at least so often, in publishing intervals. */
const KEEP_ALIVE_COUNT = 8
/** Ten times as long as the server is ever silent, unless it is very busy. */
const SILENCE: Milliseconds = 10 * KEEP_ALIVE_COUNT * PUBLISHING_MS

/**
 * Prints each change of the named tags, of all tags of a named device, or of every tag, one a line, until `signal`
 * aborts. Throws ClientFailure: unknownNode for a name that is nothing, refused when the server lets nothing be watched,
 * unreachable when the connection breaks or the server says nothing any more, as when an administrator ends the session.
 */
export async function watch(
  ids: readonly string[],
  options: ClientOptions,
  out: Output,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<number> {
  return withSession(options, out, async ({ session, requests, lost }) => {
    const namespaces = await findNamespaces(session)
    const nodeIds = await resolveNodes(requests, ids, namespaces)
    const subscription = await subscribe(session)
    const show = (nodeId: string, value: DataValue) =>
      out.line(lineOf(shortenNodeId(nodeId, namespaces), value, options.json))
    const parameters = { samplingInterval: SAMPLING_MS, queueSize: QUEUE, discardOldest: true }
    const refused = await requests.monitor(subscription, nodeIds, parameters, show)
    for (const { nodeId, status } of refused) {
      out.notice(`The server does not let ${shortenNodeId(nodeId, namespaces)} be watched: ${status}`)
    }
    if (nodeIds.length > 0 && refused.length === nodeIds.length) {
      throw new ClientFailure(ExitCode.refused, 'The server lets none of these nodes be watched')
    }
    const ended = silence(subscription, clock)
    const end = await Promise.race([
      aborted(signal),
      lost.then(() => 'lost' as const),
      ended.then(() => 'silent' as const),
    ])
    if (end === 'silent') {
      throw new ClientFailure(
        ExitCode.unreachable,
        `The server has said nothing for ${SILENCE / 1_000} s: it has ended the session, as an administrator can ` +
          '(penstock sessions --close), or does not get on. Start the command again to go on',
      )
    }
    if (end === 'lost') throw new ClientFailure(ExitCode.unreachable, `The connection to ${options.endpoint} broke`)
    await subscription.terminate()
    return ExitCode.ok
  })
}

async function subscribe(session: ClientSession): Promise<ClientSubscription> {
  try {
    return await session.createSubscription2({
      requestedPublishingInterval: PUBLISHING_MS,
      requestedMaxKeepAliveCount: KEEP_ALIVE_COUNT,
      requestedLifetimeCount: 200,
      publishingEnabled: true,
    })
  } catch (error) {
    const message = `The server gives no subscription: ${describeError(error)}`
    throw new ClientFailure(ExitCode.refused, message, { cause: error })
  }
}

/** Resolves when the subscription has brought neither values nor keep-alives for `SILENCE` (OPC 10000-4 §5.14.1.1). */
function silence(subscription: ClientSubscription, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    let cancel = clock.after(SILENCE, resolve)
    const heard = () => {
      cancel()
      cancel = clock.after(SILENCE, resolve)
    }
    subscription.on('keepalive', heard).on('received_notifications', heard)
    subscription.once('terminated', () => cancel())
  })
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
  requests: Requests,
  ids: readonly string[],
  namespaces: PlantNamespaces,
): Promise<string[]> {
  if (ids.length === 0) return tagsOf(requests, await devicesOf(requests, namespaces), namespaces)
  const nodeIds = ids.map((id) => expandNodeId(id, namespaces))
  const values = await requests.read(nodeIds.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value })))
  const unread = nodeIds.filter((_nodeId, position) => isUnknown(values[position]?.statusCode.value ?? 0))
  const tags = await tagsOf(requests, unread, namespaces)
  const unknown = unread.filter((device) => !tags.some((tag) => tag.startsWith(`${device}/`)))
  if (unknown.length > 0) {
    const names = unknown.map((nodeId) => shortenNodeId(nodeId, namespaces)).join(', ')
    throw new ClientFailure(ExitCode.unknownNode, `Neither a tag nor a device on this server: ${names}`)
  }
  return [...nodeIds.filter((nodeId) => !unread.includes(nodeId)), ...tags]
}

const devicesOf = async (requests: Requests, namespaces: PlantNamespaces): Promise<string[]> => {
  const children = await componentsOf(requests, [`ns=${namespaces.di};i=5001`])
  return children.filter((nodeId) => nodeId.startsWith(`ns=${namespaces.plant};`))
}

const tagsOf = async (requests: Requests, devices: readonly string[], namespaces: PlantNamespaces) => {
  const children = await componentsOf(requests, devices)
  return children.filter((nodeId) => isTagId(shortenNodeId(nodeId, namespaces)))
}

async function componentsOf(requests: Requests, nodeIds: readonly string[]): Promise<string[]> {
  const children = await requests.childrenOf(nodeIds, { referenceTypeId: 'HasComponent' })
  return children.flat().map(({ nodeId }) => nodeId.toString())
}
