import {
  AttributeIds,
  type ClientSession,
  ClientSubscription,
  constructEventFilter,
  NodeId,
  StatusCode,
  TimestampsToReturn,
  type Variant,
} from 'node-opcua'

const fields = ['EventType', 'SourceNode', 'SourceName', 'Message', 'Severity', 'Time']
const ofCommands = ['CommandId', 'Command', 'State', 'Reason', 'Status', 'User']
const TYPES = 3

/** What a subscription hears of the events of a node: each as its fields by name, ids and statuses as text. */
export async function eventsOf(
  session: ClientSession,
  nodeId: string,
): Promise<{ events: Record<string, unknown>[]; subscription: ClientSubscription }> {
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 100,
    publishingEnabled: true,
  })
  const events: Record<string, unknown>[] = []
  const filter = constructEventFilter([...fields, ...ofCommands.map((name) => `${TYPES}:${name}`)])
  const item = await subscription.monitor(
    { nodeId, attributeId: AttributeIds.EventNotifier },
    { filter, queueSize: 100, discardOldest: true, samplingInterval: 0 },
    TimestampsToReturn.Both,
  )
  item.on('changed', (values: Variant[]) => {
    events.push(Object.fromEntries([...fields, ...ofCommands].map((name, position) => [name, shown(values[position])])))
  })
  return { events, subscription }
}

function shown(variant: Variant | undefined): unknown {
  const value: unknown = variant?.value
  if (value instanceof NodeId) return value.toString()
  if (value instanceof StatusCode) return value.name
  return (value as { text?: string } | null)?.text ?? value
}
