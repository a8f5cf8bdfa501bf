import {
  AttributeIds,
  type BrowseDescriptionOptions,
  BrowseDirection,
  BrowseNextRequest,
  type BrowsePathResult,
  BrowseRequest,
  type BrowseRequestOptions,
  type BrowseResult,
  type ClientSession,
  DataType,
  type NodeId,
  RegisterNodesRequest,
  resolveNodeId,
  TranslateBrowsePathsToNodeIdsRequest,
  UnregisterNodesRequest,
  VariantArrayType,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MOST_PATH_ELEMENTS } from '../../src/opcua/services/slice-work.ts'
import { builtAt, version } from '../../src/version.ts'
import { ask } from '../support/opcua-requests.ts'
import { nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

let test: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  test = await startRoom()
  session = await test.session()
})
afterAll(() => test.end())

const HIERARCHICAL = 'i=33'
const boiler: BrowseDescriptionOptions = {
  nodeId: nodeId('boiler'),
  browseDirection: BrowseDirection.Forward,
  referenceTypeId: HIERARCHICAL,
  includeSubtypes: true,
  nodeClassMask: 0,
  resultMask: 63,
}

const browse = (nodesToBrowse: readonly BrowseDescriptionOptions[], options: BrowseRequestOptions = {}) =>
  ask<{ results: BrowseResult[] }>(session, new BrowseRequest({ nodesToBrowse: [...nodesToBrowse], ...options }))

const browseNext = (continuationPoints: readonly Buffer[], releaseContinuationPoints = false) =>
  ask<{ results: BrowseResult[] }>(
    session,
    new BrowseNextRequest({ continuationPoints: [...continuationPoints], releaseContinuationPoints }),
  )

const statuses = (results: readonly (BrowseResult | BrowsePathResult)[]) =>
  results.map(({ statusCode }) => statusCode.name)
const namesIn = ({ references }: BrowseResult) => (references ?? []).map(({ browseName }) => browseName.toString())

describe('OPC 10000-4 §5.9.2 Browse', () => {
  it.each<[string, string, BrowseDescriptionOptions]>([
    ['BadNodeIdUnknown', 'a node that is not there', { nodeId: nodeId('nothing') }],
    ['BadReferenceTypeIdInvalid', 'a reference type that is not there', { referenceTypeId: 'i=99999' }],
    ['BadReferenceTypeIdInvalid', 'a node that is no reference type', { referenceTypeId: 'i=2253' }],
    ['BadBrowseDirectionInvalid', 'no direction', { browseDirection: BrowseDirection.Invalid }],
  ])('answers %s for %s, and the other nodes of the request', async (status, _what, wrong) => {
    const { results } = await browse([boiler, { ...boiler, ...wrong }, boiler])

    expect(statuses(results)).toEqual(['Good', status, 'Good'])
    expect(namesIn(results[1] as BrowseResult)).toEqual([])
    expect(namesIn(results[2] as BrowseResult).length).toBeGreaterThan(10)
  })

  it('is refused as a whole for no node, and for a view that is none', async () => {
    expect((await browse([])).serviceResult).toBe('BadNothingToDo')
    expect((await browse([boiler], { view: { viewId: 'i=2253' } })).serviceResult).toBe('BadViewIdUnknown')
  })

  it('answers only what the masks ask for', async () => {
    const { results } = await browse([
      { ...boiler, nodeClassMask: 4 },
      { ...boiler, resultMask: 0 },
    ])

    expect(results[0]?.references).toEqual([])
    expect(results[1]?.references?.every(({ browseName }) => !browseName.name)).toBe(true)
  })
})

describe('OPC 10000-4 §5.9.3 BrowseNext', () => {
  it('brings every reference once, one by one, and ends without a continuation point', async () => {
    const [all] = (await browse([boiler])).results
    let [page] = (await browse([boiler], { requestedMaxReferencesPerNode: 1 })).results
    const found: string[] = []
    while (page) {
      found.push(...namesIn(page))
      expect(page.references?.length).toBe(1)
      if (!page.continuationPoint?.length) break
      ;[page] = (await browseNext([page.continuationPoint])).results
    }

    expect(found).toEqual(namesIn(all as BrowseResult))
  })

  it('answers BadContinuationPointInvalid for one it has not given, whatever its size, and the others', async () => {
    const [page] = (await browse([boiler], { requestedMaxReferencesPerNode: 2 })).results
    const given = page?.continuationPoint as Buffer

    const { results } = await browseNext([Buffer.from('junk'), given, Buffer.alloc(0), Buffer.alloc(10_000)])

    const invalid = 'BadContinuationPointInvalid'
    expect(statuses(results)).toEqual([invalid, 'Good', invalid, invalid])
  })

  it('answers BadContinuationPointInvalid for one that was given back', async () => {
    const [page] = (await browse([boiler], { requestedMaxReferencesPerNode: 2 })).results
    const given = page?.continuationPoint as Buffer

    expect(statuses((await browseNext([given], true)).results)).toEqual(['Good'])
    expect(statuses((await browseNext([given])).results)).toEqual(['BadContinuationPointInvalid'])
  })

  it('answers BadContinuationPointInvalid for one of another session', async () => {
    const [page] = (await browse([boiler], { requestedMaxReferencesPerNode: 2 })).results
    const other = await test.session()
    const request = new BrowseNextRequest({ continuationPoints: [page?.continuationPoint as Buffer] })

    const { results } = await ask<{ results: BrowseResult[] }>(other, request)

    expect(statuses(results)).toEqual(['BadContinuationPointInvalid'])
  })

  it('is refused as a whole for no continuation point', async () => {
    expect((await browseNext([])).serviceResult).toBe('BadNothingToDo')
  })
})

const path = (names: readonly (string | null)[], from = 'i=85') => ({
  startingNode: from,
  relativePath: {
    elements: names.map((name) => ({
      referenceTypeId: HIERARCHICAL,
      isInverse: false,
      includeSubtypes: true,
      targetName: { name },
    })),
  },
})

const translate = (browsePaths: readonly object[]) =>
  ask<{ results: BrowsePathResult[] }>(
    session,
    new TranslateBrowsePathsToNodeIdsRequest({ browsePaths: [...browsePaths] }),
  )

describe('OPC 10000-4 §5.9.4 TranslateBrowsePathsToNodeIds', () => {
  it.each<[string, string, object]>([
    ['BadNodeIdUnknown', 'a start that is not there', path(['Server'], nodeId('nothing'))],
    ['BadNoMatch', 'a name that is not there', path(['Server', 'Nothing'])],
    ['BadNothingToDo', 'a path without elements', path([])],
    ['BadBrowseNameInvalid', 'an end without a name', path(['Server', null])],
    ['BadQueryTooComplex', 'a path of thousands', path(Array.from({ length: 8_000 }, () => 'Server'))],
    [
      'BadQueryTooComplex',
      'a path just too long',
      path(Array.from({ length: MOST_PATH_ELEMENTS + 1 }, () => 'Server')),
    ],
  ])('answers %s for %s, and the other paths of the request', async (status, _what, wrong) => {
    const { results } = await translate([path(['Server']), wrong, path(['Server', 'ServerStatus'])])

    expect(statuses(results)).toEqual(['Good', status, 'Good'])
    const [server, , state] = results.map(({ targets }) => targets?.[0]?.targetId.toString())
    expect([server, state]).toEqual(['ns=0;i=2253', 'ns=0;i=2256'])
  })

  it('is refused as a whole for no path', async () => {
    expect((await translate([])).serviceResult).toBe('BadNothingToDo')
  })
})

describe('OPC 10000-4 §5.9.5 RegisterNodes', () => {
  it('answers the NodeIds themselves, of nodes that are not there too, and keeps nothing', async () => {
    const ids = [nodeId('boiler/pressure'), nodeId('nothing'), 'i=2258'].map((id) => resolveNodeId(id))

    const request = new RegisterNodesRequest({ nodesToRegister: ids })
    const { registeredNodeIds } = await ask<{ registeredNodeIds: NodeId[] }>(session, request)

    expect(registeredNodeIds.map(String)).toEqual(ids.map(String))
    const { serviceResult } = await ask(session, new UnregisterNodesRequest({ nodesToUnregister: ids }))
    expect(serviceResult).toBe('Good')
  })

  it('is refused as a whole for no node, as is UnregisterNodes (§5.9.6)', async () => {
    expect((await ask(session, new RegisterNodesRequest({}))).serviceResult).toBe('BadNothingToDo')
    expect((await ask(session, new UnregisterNodesRequest({}))).serviceResult).toBe('BadNothingToDo')
  })
})

describe('OPC 10000-4 §5.8, §5.10 and §5.11.5', () => {
  it.each([
    'AddNodesRequest',
    'AddReferencesRequest',
    'DeleteNodesRequest',
    'DeleteReferencesRequest',
    'QueryFirstRequest',
    'QueryNextRequest',
  ] as const)('%s is answered BadServiceUnsupported: no client changes our address space', async (name) => {
    const requests = await import('node-opcua')

    expect((await ask(session, new requests[name]({}))).serviceResult).toBe('BadServiceUnsupported')
  })
})

describe('OPC 10000-5 §6.3.2 ServerCapabilities and §12.4 BuildInfo', () => {
  const read = async (nodeId: string) =>
    (await session.read({ nodeId, attributeId: AttributeIds.Value })).value.value as unknown

  it.each([
    ['MaxBrowseContinuationPoints', 'i=2735', 10],
    ['MaxSessions, with the one kept for an administrator', 'i=24095', 101],
    ['MaxSubscriptions', 'i=24096', 1_000],
    ['MaxSubscriptionsPerSession', 'i=24098', 10],
    ['MaxMonitoredItems', 'i=24097', 200_000],
    ['MaxMonitoredItemsPerSubscription', 'i=24104', 50_000],
    ['MaxMonitoredItemsQueueSize', 'i=31916', 100],
    ['MinSupportedSampleRate', 'i=2272', 50],
    ['MaxNodesPerRead', 'i=11705', 10_000],
    ['MaxNodesPerWrite', 'i=11707', 10_000],
    ['MaxNodesPerBrowse', 'i=11710', 10_000],
    ['MaxNodesPerTranslateBrowsePathsToNodeIds', 'i=11712', 10_000],
    ['MaxNodesPerMethodCall', 'i=11709', 100],
    ['MaxMonitoredItemsPerCall', 'i=11714', 10_000],
    ['MaxStringLength: no message is longer', 'i=11703', 4 * 1024 * 1024],
    ['MaxByteStringLength', 'i=12911', 4 * 1024 * 1024],
  ])('publish the limit that holds: %s', async (_name, nodeId, value) => {
    expect(await read(nodeId)).toBe(value)
  })

  it('say in which language the server speaks', async () => {
    expect(await read('i=2271')).toEqual(['en'])
  })

  it.each([
    ['ServerConfiguration', 'i=12637'],
    ['PublishSubscribe', 'i=14443'],
    ['Aliases', 'i=23470'],
    ['ServerLog', 'i=19372'],
    ['DefaultHEConfiguration', 'i=32754'],
    ['ProvisionableDevice', 'i=29878'],
  ])('do not show what nothing stands behind: %s', async (_name, nodeId) => {
    const { statusCode } = await session.read({ nodeId, attributeId: AttributeIds.BrowseName })

    expect(statusCode.name).toBe('BadNodeIdUnknown')
  })

  it.each([
    ['RedundantServerArray', 'i=11313'],
    ['SoftwareCertificates of ServerCapabilitiesType', 'i=3049'],
  ])('are an empty list where nothing is listed: %s', async (_name, nodeId) => {
    const { value } = await session.read({ nodeId, attributeId: AttributeIds.Value })

    expect(value).toMatchObject({ dataType: DataType.ExtensionObject, arrayType: VariantArrayType.Array, value: [] })
  })

  it('claim profiles and conformance units that are true, and no other', async () => {
    const profiles = (await read('i=2269')) as string[]
    const units = ((await read('i=24101')) as { name: string }[]).map(({ name }) => name)

    expect(profiles).toContain('http://opcfoundation.org/UA-Profile/Server/EmbeddedUA2017')
    expect(profiles.join()).not.toMatch(/StandardUA|FileAccess|StateMachine|NodeManagement|HistoricalAccess$/)
    expect(units).toEqual(expect.arrayContaining(['Session Cancel', 'View Basic', 'Monitor Basic']))
    expect(units.join()).not.toMatch(/Query|NodeManagement|Redundancy/)
  })

  it('name this program, its version and when it was built', async () => {
    const { productName, manufacturerName, softwareVersion, buildDate } = (await read('i=2260')) as {
      [name: string]: unknown
    }

    expect({ productName, manufacturerName, softwareVersion }).toEqual({
      productName: 'Penstock',
      manufacturerName: 'Penstock',
      softwareVersion: version,
    })
    expect(buildDate).toEqual(builtAt)
  })
})
