import {
  AggregateFilter,
  AttributeIds,
  type ClientSession,
  CreateMonitoredItemsRequest,
  CreateSubscriptionRequest,
  DataChangeFilter,
  DeadbandType,
  DeleteMonitoredItemsRequest,
  EventFilter,
  ModifyMonitoredItemsRequest,
  type MonitoredItemCreateResult,
  type MonitoredItemModifyResult,
  MonitoringMode,
  type MonitoringParametersOptions,
  type ReadValueIdOptions,
  SetMonitoringModeRequest,
  SetTriggeringRequest,
  TimestampsToReturn,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plant } from '../../src/core/plant.ts'
import { smallPlant } from '../support/opcua-plant.ts'
import { ask, namesOf } from '../support/opcua-requests.ts'
import { nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

let test: RoomUnderTest
let session: ClientSession
let subscriptionId: number

beforeAll(async () => {
  // Read so often that no interval has to be longer for it (MinimumSamplingInterval).
  const polledOften = JSON.stringify(smallPlant()).replaceAll(/"pollMs":\d+/g, '"pollMs":50')
  test = await startRoom({ plant: JSON.parse(polledOften) as Plant })
  session = await test.session()
  const request = new CreateSubscriptionRequest({ requestedPublishingInterval: 1_000, requestedLifetimeCount: 600 })
  ;({ subscriptionId } = await ask<{ subscriptionId: number }>(session, request))
})
afterAll(() => test.end())

interface Asked {
  readonly of?: ReadValueIdOptions
  readonly parameters?: MonitoringParametersOptions
  /** Set after the request is made, as node-opcua's client would refuse it. */
  readonly attribute?: number
  readonly mode?: number
}

const pressure = { nodeId: nodeId('boiler/pressure'), attributeId: AttributeIds.Value }
const parameters = { clientHandle: 1, samplingInterval: 200, queueSize: 2, discardOldest: true }
const server = { nodeId: 'i=2253', attributeId: AttributeIds.EventNotifier }

async function create(items: readonly Asked[], timestampsToReturn = TimestampsToReturn.Both, id = subscriptionId) {
  const request = new CreateMonitoredItemsRequest({
    subscriptionId: id,
    timestampsToReturn,
    itemsToCreate: items.map((asked) => ({
      itemToMonitor: { ...pressure, ...asked.of },
      monitoringMode: MonitoringMode.Reporting,
      requestedParameters: { ...parameters, ...asked.parameters },
    })),
  })
  for (const [at, { attribute, mode }] of items.entries()) {
    const item = request.itemsToCreate?.[at]
    if (item && attribute !== undefined) item.itemToMonitor.attributeId = attribute
    if (item && mode !== undefined) item.monitoringMode = mode
  }
  const response = await ask<{ results: MonitoredItemCreateResult[] }>(session, request)
  return { ...response, statuses: namesOf(response.results?.map(({ statusCode }) => statusCode)) }
}

async function modify(items: readonly { id: number; parameters: MonitoringParametersOptions }[]) {
  const itemsToModify = items.map(({ id, parameters: changed }) => ({
    monitoredItemId: id,
    requestedParameters: { ...parameters, ...changed },
  }))
  const request = new ModifyMonitoredItemsRequest({ subscriptionId, timestampsToReturn: 2, itemsToModify })
  const response = await ask<{ results: MonitoredItemModifyResult[] }>(session, request)
  return { ...response, statuses: namesOf(response.results?.map(({ statusCode }) => statusCode)) }
}

const deadband = (deadbandType: number, deadbandValue: number) =>
  new DataChangeFilter({ trigger: 1, deadbandType, deadbandValue })
const { Absolute, Percent } = DeadbandType

const badFilters: readonly [string, string, ReadValueIdOptions, MonitoringParametersOptions['filter']][] = [
  ['BadFilterNotAllowed', 'events of a value', {}, new EventFilter({})],
  ['BadFilterNotAllowed', 'a deadband of a text', { nodeId: nodeId('boiler/string') }, deadband(Absolute, 1)],
  ['BadFilterNotAllowed', 'a deadband of a name', { attributeId: AttributeIds.DisplayName }, deadband(Absolute, 1)],
  ['BadMonitoredItemFilterUnsupported', 'an aggregate', {}, new AggregateFilter({})],
  ['BadMonitoredItemFilterUnsupported', 'percent of a range that nobody has set', {}, deadband(Percent, 10)],
  ['BadDeadbandFilterInvalid', 'more than 100 percent', { nodeId: nodeId('boiler/level') }, deadband(Percent, 101)],
  ['BadDeadbandFilterInvalid', 'a negative deadband', {}, deadband(Absolute, -1)],
  ['BadDeadbandFilterInvalid', 'a deadband that is no number', {}, deadband(Absolute, Number.NaN)],
  ['BadDeadbandFilterInvalid', 'a kind of deadband that is not known', {}, deadband(5, 1)],
]

describe('OPC 10000-4 §5.13.2 CreateMonitoredItems', () => {
  it.each<[string, string, Asked]>([
    ['BadNodeIdUnknown', 'a node that is not there', { of: { nodeId: nodeId('nothing') } }],
    ['BadAttributeIdInvalid', 'an attribute that no node has', { attribute: 99 }],
    ['BadAttributeIdInvalid', 'events of a variable', { of: { attributeId: AttributeIds.EventNotifier } }],
    ['BadAttributeIdInvalid', 'the value of an object', { of: { nodeId: nodeId('boiler') } }],
    ['BadIndexRangeInvalid', 'a range that is no range', { of: { indexRange: 'one' as never } }],
    ['BadIndexRangeNoData', 'a range of a number', { of: { indexRange: '1' as never } }],
    ['BadDataEncodingUnsupported', 'an encoding that is not known', { of: { dataEncoding: { name: 'Junk' } } }],
    [
      'BadDataEncodingInvalid',
      'an encoding of an attribute other than Value',
      { of: { attributeId: AttributeIds.NodeId, dataEncoding: { name: 'Default Binary' } } },
    ],
    ['BadMonitoringModeInvalid', 'a monitoring mode that is not known', { mode: 9 }],
    ['BadEventFilterInvalid', 'events without a filter', { of: server }],
    ['BadEventFilterInvalid', 'events without fields', { of: server, parameters: { filter: new EventFilter({}) } }],
    ...badFilters.map(([status, what, of, filter]): [string, string, Asked] => [
      status,
      what,
      { of, parameters: { filter: filter ?? null } },
    ]),
  ])('answers %s for %s, and makes the other items of the request', async (status, _what, wrong) => {
    const { statuses, results } = await create([{}, wrong, {}])

    expect(statuses).toEqual(['Good', status, 'Good'])
    expect(results.map(({ monitoredItemId }) => monitoredItemId > 0)).toEqual([true, false, true])
  })

  it.each<[string, MonitoringParametersOptions, [number, number]]>([
    ['a negative interval is the publishing interval', { samplingInterval: -1 }, [1_000, 2]],
    ['an interval that is no number is it too', { samplingInterval: Number.NaN }, [1_000, 2]],
    ['an endless interval is the slowest', { samplingInterval: Number.POSITIVE_INFINITY }, [3_600_000, 2]],
    ['an interval of 0 is the fastest', { samplingInterval: 0 }, [50, 2]],
    ['no queue is one of 1', { queueSize: 0 }, [200, 1]],
    ['an endless queue is the longest', { queueSize: 0xffff_ffff }, [200, 100]],
  ])('revises what it cannot give: %s', async (_what, asked, revised) => {
    const { results } = await create([{ parameters: asked }])

    const [made] = results
    expect([made?.revisedSamplingInterval, made?.revisedQueueSize]).toEqual(revised)
  })

  it.each<[string, () => ReturnType<typeof create>]>([
    ['BadNothingToDo', () => create([])],
    ['BadSubscriptionIdInvalid', () => create([{}], TimestampsToReturn.Both, 4_000_000)],
    ['BadTimestampsToReturnInvalid', () => create([{}], TimestampsToReturn.Invalid)],
  ])('is refused as a whole with %s', async (status, asking) => {
    expect((await asking()).serviceResult).toBe(status)
  })
})

describe('OPC 10000-4 §5.13.3 ModifyMonitoredItems', () => {
  it.each(badFilters)('answers %s for %s, and changes only the other items', async (status, _what, of, filter) => {
    const { results } = await create([{ of }, {}])
    const [one, other] = results.map(({ monitoredItemId }) => monitoredItemId) as [number, number]

    const { statuses, results: modified } = await modify([
      { id: one, parameters: { samplingInterval: 500, filter: filter ?? null } },
      { id: other, parameters: { samplingInterval: 500 } },
      { id: 4_000_000, parameters: {} },
    ])

    expect(statuses).toEqual([status, 'Good', 'BadMonitoredItemIdInvalid'])
    expect(modified[1]?.revisedSamplingInterval).toBe(500)
  })

  it('revises an interval that is no number', async () => {
    const { results } = await create([{}])

    const id = results[0]?.monitoredItemId ?? 0
    const { statuses, results: modified } = await modify([{ id, parameters: { samplingInterval: Number.NaN } }])

    expect(statuses).toEqual(['Good'])
    expect(modified[0]?.revisedSamplingInterval).toBe(1_000)
  })

  it('is refused as a whole for no item', async () => {
    expect((await modify([])).serviceResult).toBe('BadNothingToDo')
  })
})

describe('OPC 10000-4 §5.13.4 SetMonitoringMode, §5.13.5 SetTriggering, §5.13.6 DeleteMonitoredItems', () => {
  const UNKNOWN = 4_000_000

  it('answer BadMonitoredItemIdInvalid for an item that is not there, and do as told to the others', async () => {
    const { results } = await create([{}])
    const id = results[0]?.monitoredItemId ?? 0
    const ids = { subscriptionId, monitoredItemIds: [UNKNOWN, id] }
    const each = ['BadMonitoredItemIdInvalid', 'Good']

    const set = await ask<{ results: [] }>(session, new SetMonitoringModeRequest({ ...ids, monitoringMode: 1 }))
    expect(namesOf(set.results)).toEqual(each)
    const triggering = { subscriptionId, triggeringItemId: id, linksToAdd: [UNKNOWN], linksToRemove: [UNKNOWN] }
    const linked = await ask<{ addResults: []; removeResults: [] }>(session, new SetTriggeringRequest(triggering))
    expect(namesOf([...linked.addResults, ...linked.removeResults])).toEqual([each[0], each[0]])
    const deleted = await ask<{ results: [] }>(session, new DeleteMonitoredItemsRequest(ids))
    expect(namesOf(deleted.results)).toEqual(each)
  })

  it.each([
    ['BadNothingToDo', () => new SetMonitoringModeRequest({ subscriptionId, monitoringMode: 1 })],
    ['BadNothingToDo', () => new DeleteMonitoredItemsRequest({ subscriptionId })],
    ['BadNothingToDo', () => new SetTriggeringRequest({ subscriptionId, triggeringItemId: UNKNOWN })],
    [
      'BadMonitoredItemIdInvalid',
      () => new SetTriggeringRequest({ subscriptionId, triggeringItemId: UNKNOWN, linksToAdd: [1] }),
    ],
    [
      'BadMonitoringModeInvalid',
      () => {
        const request = new SetMonitoringModeRequest({ subscriptionId, monitoredItemIds: [UNKNOWN] })
        request.monitoringMode = 9 as number
        return request
      },
    ],
  ])('are refused as a whole with %s', async (status, request) => {
    expect((await ask(session, request())).serviceResult).toBe(status)
  })
})
