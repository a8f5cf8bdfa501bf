import {
  AttributeIds,
  type ClientSession,
  DataType,
  type DataValue,
  DataValue as DataValueOf,
  type DataValueOptions,
  ReadRequest,
  type ReadRequestOptions,
  type ReadValueIdOptions,
  StatusCodes,
  TimestampsToReturn,
  Variant,
  VariantArrayType,
  WriteRequest,
  type WriteValueOptions,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyTextRange } from '../support/empty-text-range.ts'
import { type BareServer, startBareServer } from '../support/opcua-bare-server.ts'
import { ask, namesOf } from '../support/opcua-requests.ts'
import { nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

const SOURCE_TIME = 1_700_000_000_000

let test: RoomUnderTest
let bare: BareServer
let session: ClientSession

beforeAll(async () => {
  test = await startRoom({
    prepare: (engine) => {
      engine.pipeline.event(engine.tag('boiler/pressure'), 7.25, SOURCE_TIME)
      engine.pipeline.event(engine.tag('boiler/string'), 'abcdef', SOURCE_TIME)
    },
  })
  session = await test.session()
  bare = await startBareServer()
})
afterAll(async () => {
  await test.end()
  await bare.end()
})

const pressure = { nodeId: nodeId('boiler/pressure'), attributeId: AttributeIds.Value }
const text = { nodeId: nodeId('boiler/string'), attributeId: AttributeIds.Value }

async function read(
  nodesToRead: readonly (ReadValueIdOptions & { attribute?: number })[],
  options: ReadRequestOptions = {},
): Promise<{ serviceResult: string; results: DataValue[] }> {
  const request = new ReadRequest({
    timestampsToReturn: TimestampsToReturn.Both,
    ...options,
    nodesToRead: nodesToRead.map(({ attribute, ...node }) => node),
  })
  for (const [at, { attribute }] of nodesToRead.entries()) {
    const node = request.nodesToRead?.[at]
    if (node && attribute !== undefined) node.attributeId = attribute
  }
  return ask(session, request)
}

describe('OPC 10000-4 §5.11.2 Read', () => {
  it.each<[string, string, ReadValueIdOptions & { attribute?: number }]>([
    ['BadNodeIdUnknown', 'a node that is not there', { ...pressure, nodeId: nodeId('boiler/nothing') }],
    ['BadNodeIdUnknown', 'a namespace that is not there', { ...pressure, nodeId: 'ns=99;s=boiler/pressure' }],
    ['BadAttributeIdInvalid', 'attribute 0', { ...pressure, attribute: 0 }],
    ['BadAttributeIdInvalid', 'an attribute that no node has', { ...pressure, attribute: 99 }],
    ['BadAttributeIdInvalid', 'events of a variable', { ...pressure, attributeId: AttributeIds.EventNotifier }],
    ['BadAttributeIdInvalid', 'the value of an object', { ...pressure, nodeId: nodeId('boiler') }],
    ['BadIndexRangeInvalid', 'a range that is no range', { ...text, indexRange: 'one' as never }],
    ['BadIndexRangeInvalid', 'a range that runs backwards', { ...text, indexRange: '5:2' as never }],
    ['BadIndexRangeNoData', 'a range beyond the text', { ...text, indexRange: '100' as never }],
    ['BadIndexRangeNoData', 'a range of a number', { ...pressure, indexRange: '1' as never }],
    ['BadDataEncodingInvalid', 'an encoding of a number', { ...pressure, dataEncoding: { name: 'Default Binary' } }],
    [
      'BadDataEncodingInvalid',
      'an encoding of an attribute other than Value',
      { ...pressure, attributeId: AttributeIds.NodeId, dataEncoding: { name: 'Default Binary' } },
    ],
  ])('answers %s for %s, and the other nodes of the request', async (status, _what, node) => {
    const { results } = await read([pressure, node, text])

    expect(results.map(({ statusCode }) => statusCode.name)).toEqual(['Good', status, 'Good'])
    expect(results.map(({ value }) => value?.value ?? null)).toEqual([7.25, null, 'abcdef'])
  })

  it('answers a part of a text for an index range', async () => {
    const { results } = await read([{ ...text, indexRange: '1:2' as never }])

    expect(results[0]?.value.value).toBe('bc')
  })

  it('takes an index range that is an empty text for none', async () => {
    const { results } = await read([
      { ...text, indexRange: emptyTextRange() },
      { ...pressure, indexRange: emptyTextRange() },
    ])

    expect(results.map(({ value }) => value.value)).toEqual(['abcdef', 7.25])
  })

  it.each<[string, string, readonly ReadValueIdOptions[], ReadRequestOptions]>([
    ['BadNothingToDo', 'no node', [], {}],
    ['BadMaxAgeInvalid', 'a negative age', [pressure], { maxAge: -1 }],
    ['BadTimestampsToReturnInvalid', 'timestamps that are not known', [pressure], { timestampsToReturn: 4 }],
  ])('is refused as a whole with %s for %s', async (status, _what, nodes, options) => {
    expect((await read(nodes, options)).serviceResult).toBe(status)
  })

  it.each([
    [TimestampsToReturn.Source, true, false],
    [TimestampsToReturn.Server, false, true],
    [TimestampsToReturn.Both, true, true],
    [TimestampsToReturn.Neither, false, false],
  ])(
    'answers the timestamps asked for (%s), and the time of the source as the device gave it',
    async (asked, ...has) => {
      const { results } = await read([pressure], { timestampsToReturn: asked })
      const [{ sourceTimestamp, serverTimestamp } = new DataValueOf()] = results

      expect([sourceTimestamp !== null, serverTimestamp !== null]).toEqual(has)
      if (sourceTimestamp) expect(sourceTimestamp.getTime()).toBe(SOURCE_TIME)
    },
  )
})

const double = (value: number): DataValueOptions => ({ value: new Variant({ dataType: DataType.Double, value }) })
const ofText = (value: string): DataValueOptions => ({ value: new Variant({ dataType: DataType.String, value }) })

async function write(via: ClientSession, nodes: readonly (WriteValueOptions & { attribute?: number })[]) {
  const request = new WriteRequest({ nodesToWrite: nodes.map(({ attribute, ...node }) => node) })
  for (const [at, { attribute }] of nodes.entries()) {
    const node = request.nodesToWrite?.[at]
    if (node && attribute !== undefined) node.attributeId = attribute
  }
  const { serviceResult, results } = await ask<{ results: { name: string }[] }>(via, request)
  return { serviceResult, results: namesOf(results) }
}

describe('OPC 10000-4 §5.11.4 Write', () => {
  it.each<[string, string, WriteValueOptions & { attribute?: number }]>([
    ['BadNotWritable', 'a tag that is only read', { ...pressure, value: double(1) }],
    ['BadNotWritable', 'the time of the server', { ...pressure, nodeId: 'i=2258', value: double(1) }],
    ['BadNotWritable', 'a name', { ...pressure, attributeId: AttributeIds.DisplayName, value: ofText('x') }],
    ['BadNodeIdUnknown', 'a node that is not there', { ...pressure, nodeId: nodeId('nothing'), value: double(1) }],
    ['BadAttributeIdInvalid', 'an attribute that no node has', { ...pressure, attribute: 99, value: double(1) }],
    ['BadAttributeIdInvalid', 'the value of an object', { ...pressure, nodeId: nodeId('boiler'), value: double(1) }],
  ])('answers %s for %s, and changes nothing', async (status, _what, node) => {
    const { results } = await write(session, [node])

    expect(results).toEqual([status])
    expect((await read([pressure])).results[0]?.value.value).toBe(7.25)
  })

  it.each<[string, string, DataValueOptions]>([
    ['BadTypeMismatch', 'a text for a number', ofText('1')],
    ['BadTypeMismatch', 'no value', {}],
    [
      'BadTypeMismatch',
      'an array for a scalar',
      { value: new Variant({ dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2] }) },
    ],
    ['BadWriteNotSupported', 'a status', { ...double(1), statusCode: StatusCodes.UncertainInitialValue }],
    ['BadWriteNotSupported', 'a source timestamp', { ...double(1), sourceTimestamp: new Date(SOURCE_TIME) }],
    ['BadWriteNotSupported', 'a server timestamp', { ...double(1), serverTimestamp: new Date(SOURCE_TIME) }],
  ])(
    'answers %s for %s to a node that may be written, which keeps its value, and writes the others',
    async (status, _what, value) => {
      const [one, other] = [bare.add(), bare.add()]
      const attributeId = AttributeIds.Value

      const { results } = await write(bare.session, [
        { nodeId: one.nodeId, attributeId, value },
        { nodeId: other.nodeId, attributeId, value: double(5) },
      ])

      expect(results).toEqual([status, 'Good'])
      expect([one.readValue().value.value, other.readValue().value.value]).toEqual([0, 5])
    },
  )

  it('is refused as a whole with BadNothingToDo for no node', async () => {
    expect((await write(session, [])).serviceResult).toBe('BadNothingToDo')
  })
})
