import {
  AccessRestrictionsFlag,
  AttributeIds,
  DataType,
  MonitoredItem,
  makePermissionFlag,
  resolveNodeId,
  StatusCodes,
  type UAVariable,
  WellKnownRoles,
} from 'node-opcua'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { tellSemanticsChanged } from '../../src/opcua/address-space/change-variable.ts'
import { checkPermissionOnPush } from '../../src/opcua/hardening/check-permission-on-push.ts'
import { deliverOnChange } from '../../src/opcua/hardening/deliver-on-change.ts'
import { gatherSemanticEvents } from '../../src/opcua/hardening/gather-semantic-events.ts'
import { capItemQueue, MAX_ITEM_QUEUE } from '../../src/opcua/hardening/item-queue-cap.ts'
import { setOverflowBitOnAnyStatus } from '../../src/opcua/hardening/overflow-bit.ts'
import { restrictWrites } from '../../src/opcua/hardening/restrict-writes.ts'
import { countWaitingItems, keepItemsOfRemovedNodes, reviveItems } from '../../src/opcua/hardening/revive-items.ts'
import { unshareReads } from '../../src/opcua/hardening/unshared-reads.ts'
import { type BareServer, startBareServer } from '../support/opcua-bare-server.ts'
import { monitor, watch } from '../support/opcua-room.ts'

const HOURS = 3_600_000

let bare: BareServer
let variable: UAVariable
let id: string

beforeAll(async () => {
  bare = await startBareServer()
})
beforeEach(() => {
  variable = bare.add()
  id = variable.nodeId.toString()
})
afterAll(() => bare.end())

const set = (value: number, status = StatusCodes.Good) =>
  variable.setValueFromSource({ dataType: DataType.Double, value }, status)

const write = (value: number) =>
  bare.session.write({
    nodeId: id,
    attributeId: AttributeIds.Value,
    value: { value: { dataType: DataType.Double, value } },
  })

describe('a change', () => {
  it('is delivered when it happens, however long the sampling interval is that the client asked for', async () => {
    const { values } = await watch(bare.session, id, { samplingInterval: HOURS })
    await vi.waitFor(() => expect(values).toHaveLength(1))

    set(1)

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(1))
  })

  it('of a device that is read no more often than the item is sampled is never held back to be folded', async () => {
    variable.minimumSamplingInterval = HOURS
    const { values } = await watch(bare.session, id, { samplingInterval: 50 })
    await vi.waitFor(() => expect(values).toHaveLength(1))

    for (const value of [1, 2, 3]) set(value)

    await vi.waitFor(() => expect(values.map(({ value }) => value.value)).toEqual([0, 1, 2, 3]))
  })

  it('of the server’s own time is still seen: it is made up when it is read', async () => {
    const { values } = await watch(bare.session, 'i=2258', { samplingInterval: 0 })

    await vi.waitFor(() => expect(values.length).toBeGreaterThan(1), 5_000)
  })

  it('is not pushed to a session that may not read the node, whatever it asked for', async () => {
    const roleId = resolveNodeId(WellKnownRoles.Engineer)
    variable.setRolePermissions([{ roleId, permissions: makePermissionFlag('Browse | Read') }])
    const { values, subscription } = await watch(bare.session, id, { samplingInterval: 0 })
    const other = bare.add()
    const others: typeof values = []
    await monitor(subscription, other.nodeId.toString(), others, { samplingInterval: 0 })
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadUserAccessDenied))

    set(1)
    other.setValueFromSource({ dataType: DataType.Double, value: 1 })
    await vi.waitFor(() => expect(others.at(-1)?.value.value).toBe(1))

    expect(values.map(({ statusCode }) => statusCode)).toEqual([StatusCodes.BadUserAccessDenied])
  })

  it('of what a value means does not push the value to a session that may not read it', async () => {
    const roleId = resolveNodeId(WellKnownRoles.Engineer)
    variable.setRolePermissions([{ roleId, permissions: makePermissionFlag('Browse | Read') }])
    const { values } = await watch(bare.session, id, { samplingInterval: 0 })
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadUserAccessDenied))

    tellSemanticsChanged(variable)
    variable.setRolePermissions([
      { roleId: resolveNodeId(WellKnownRoles.Anonymous), permissions: makePermissionFlag('Browse | Read') },
    ])
    set(4)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(4))

    expect(values.map(({ value }) => value.value)).toEqual([null, 4])
  })

  it('shows BadUserAccessDenied once to a session that loses the right to read, and values when it has it again', async () => {
    const { values } = await watch(bare.session, id, { samplingInterval: 0 })
    await vi.waitFor(() => expect(values).toHaveLength(1))
    set(1)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(1))
    const engineer = {
      roleId: resolveNodeId(WellKnownRoles.Engineer),
      permissions: makePermissionFlag('Browse | Read'),
    }
    variable.setRolePermissions([engineer])

    set(2)
    set(3)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadUserAccessDenied))
    variable.setRolePermissions([{ ...engineer, roleId: resolveNodeId(WellKnownRoles.Anonymous) }])
    set(4)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(4))

    expect(values.map(({ value }) => value.value)).toEqual([0, 1, null, 4])
  })
})

describe('a monitored item', () => {
  it.each([
    ['Uncertain', StatusCodes.UncertainLastUsableValue],
    ['Bad', StatusCodes.BadCommunicationError],
  ])('goes on after its queue overflowed at an %s value, which has the overflow bit', async (_severity, status) => {
    const { values } = await watch(bare.session, id, { samplingInterval: 0, queueSize: 2 })
    await vi.waitFor(() => expect(values).toHaveLength(1))

    for (let change = 1; change <= 5; change++) set(change, status)
    await vi.waitFor(() => expect(values).toHaveLength(3))
    set(6)

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(6))
    expect(values.map(({ statusCode }) => statusCode.hasOverflowBit)).toEqual([false, true, false, false])
    expect(values[1]?.statusCode.name.startsWith(status.name)).toBe(true)
  })

  it('gets a queue of at most what the server advertises, and is told so', async () => {
    const { subscription } = await watch(bare.session, id)

    const item = await monitor(subscription, id, [], { queueSize: 50_000 })

    expect(item.result?.revisedQueueSize).toBe(MAX_ITEM_QUEUE)
  })
})

describe('a monitored item whose node is removed', () => {
  it('gets each change again when the node is back, however long the sampling interval is', async () => {
    const { addressSpace } = bare.server.engine
    const { values } = await watch(bare.session, id, { samplingInterval: HOURS })
    await vi.waitFor(() => expect(values).toHaveLength(1))
    addressSpace?.deleteNode(variable)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadNodeIdUnknown))

    variable = bare.add(id)
    expect([...reviveItems(variable.addressSpace)]).not.toEqual([])
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(0))
    set(1)

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(1))
    expect(values).toHaveLength(4)
    expect(countWaitingItems(variable.addressSpace)).toBe(0)
  })

  it('waits for it, and leaves nothing behind when it is deleted meanwhile', async () => {
    const { addressSpace } = bare.server.engine
    if (!addressSpace) throw new Error('no address space')
    const first = await watch(bare.session, id)
    const second = await watch(bare.session, id)
    await vi.waitFor(() => expect(first.values.length + second.values.length).toBe(2))

    addressSpace.deleteNode(variable)
    expect(countWaitingItems(addressSpace)).toBe(2)
    await first.subscription.terminate()
    expect(countWaitingItems(addressSpace)).toBe(1)
    await second.subscription.terminate()

    expect(countWaitingItems(addressSpace)).toBe(0)
  })
})

describe('a subscription', () => {
  it('whose client is gone does not live for an hour, whatever the client asked for', async () => {
    const subscription = await bare.session.createSubscription2({
      requestedPublishingInterval: 1_000,
      requestedLifetimeCount: 3_600,
      requestedMaxKeepAliveCount: 10,
    })

    expect(subscription.lifetimeCount * subscription.publishingInterval).toBe(600_000)
  })
})

describe('a node that demands encryption', () => {
  it('cannot be written over a plain connection', async () => {
    expect(await write(1)).toBe(StatusCodes.Good)
    variable.setAccessRestrictions(AccessRestrictionsFlag.EncryptionRequired)

    expect(await write(2)).toBe(StatusCodes.BadSecurityModeInsufficient)

    variable.setAccessRestrictions(AccessRestrictionsFlag.None)
    expect((await bare.session.read({ nodeId: id })).value.value).toBe(1)
  })
})

describe('a fix whose place in node-opcua is gone', () => {
  const prototypeOf = (method: string): object => {
    let prototype: object = Object.getPrototypeOf(variable)
    while (!Object.hasOwn(prototype, method)) prototype = Object.getPrototypeOf(prototype)
    return prototype
  }
  const items = () => MonitoredItem.prototype

  it.each<[string, () => object, string, () => void]>([
    ['deliver on change', items, '_set_parameters', deliverOnChange],
    ['deliver on change', items, 'setNode', deliverOnChange],
    ['deliver on change', items, '_on_value_changed_exception_based', deliverOnChange],
    ['deliver on change', items, '_on_value_changed', deliverOnChange],
    [
      'gather semantic events',
      () => prototypeOf('handle_semantic_changed'),
      'handle_semantic_changed',
      () => gatherSemanticEvents(variable),
    ],
    ['check permission on push', items, '_on_value_changed_exception_based', checkPermissionOnPush],
    ['check permission on push', items, '_on_semantic_changed', checkPermissionOnPush],
    ['revive items', items, '_on_node_disposed', keepItemsOfRemovedNodes],
    ['revive items', items, '__start_sampling', keepItemsOfRemovedNodes],
    ['revive items', items, 'setNode', keepItemsOfRemovedNodes],
    ['overflow bit on any status', items, '_setOverflowBit', setOverflowBitOnAnyStatus],
    ['item queue cap', items, '_set_parameters', capItemQueue],
    [
      'restrict writes',
      () => prototypeOf('writeAttribute'),
      'writeAttribute',
      () => restrictWrites(variable, variable.addressSpace.rootFolder.objects),
    ],
    ['unshared reads', () => prototypeOf('readValue'), 'readValue', () => unshareReads(variable)],
  ])('“%s” fails loudly', (fix, owner, method, install) => {
    const prototype = owner() as Record<string, unknown>
    const original = prototype[method]
    prototype[method] = undefined
    try {
      expect(install).toThrow(expect.objectContaining({ code: 'HARDENING_IMPOSSIBLE' }))
      expect(install).toThrow(fix)
    } finally {
      prototype[method] = original
    }
  })
})
