import { AddressSpace, generateAddressSpace, StatusCodes, type UAObject, type UAVariable } from 'node-opcua'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import type { Plant, TagConfig } from '../../../src/core/plant.ts'
import { changeBetween } from '../../../src/core/plant-change.ts'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { nodesetFiles } from '../../../src/opcua/address-space/namespaces.ts'
import { CommandRecords } from '../../../src/opcua/orders/command-records.ts'
import { Orders } from '../../../src/opcua/orders/orders.ts'
import { NODES_A_TURN, Projection } from '../../../src/opcua/projection.ts'
import { chirpStackConfig, loraDevice, loraGateway, loraTag } from '../../support/chirpstack-plant.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { noCounters } from '../../support/opcua-engine.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const TEN_THOUSAND = 10_000
const CHANGES = 3_000
const DEVICES = 60
const few = aPlant([aModbusDevice('pump', [aTag('speed')])])
const tags = (count: number, settings: Partial<TagConfig> = {}) =>
  Array.from({ length: count }, (_tag, number) => aTag(`tag-${number}`, settings))
const many = (settings?: Partial<TagConfig>) =>
  aPlant(
    Array.from({ length: DEVICES }, (_device, number) =>
      aModbusDevice(`device-${number}`, tags(CHANGES / DEVICES, settings)),
    ),
  )

let addressSpace: AddressSpace
let shown: Plant
let projection: Projection
beforeEach(async () => {
  addressSpace = AddressSpace.create()
  addressSpace.registerNamespace('urn:penstock:gateway:test')
  await generateAddressSpace(addressSpace, [...nodesetFiles])
  shown = few
  const clock = new ManualClock()
  const records = new CommandRecords(clock)
  const orders = new Orders({ engine: () => undefined, records, writeTimeoutMs: 1_000, clock, log: silentLogger })
  projection = new Projection({
    addressSpace,
    plant: { revision: 0, plant: few, ids: new TagIndexing(few).ids },
    identity: { version: '1.2.3', startedAt: 0 },
    allowAnonymous: false,
    records,
    orders,
    clock,
    log: silentLogger,
  })
})
afterEach(() => addressSpace.dispose())

const nodes = () => addressSpace.getNamespace('urn:penstock:plant')

/** Shows the plant, as one step, and answers how many nodes came or went, and in how many turns of the event loop at the most. */
async function change(plant: Plant) {
  const touched = { turns: 0, most: 0, now: 0, all: 0 }
  const namespace = nodes()
  const { addVariable, addObject, deleteNode } = namespace
  const count = <Arguments extends unknown[], Result>(original: (...given: Arguments) => Result) =>
    function (this: unknown, ...given: Arguments): Result {
      touched.now++
      return original.apply(this, given)
    }
  Object.assign(namespace, {
    addVariable: count(addVariable),
    addObject: count(addObject),
    deleteNode: count(deleteNode),
  })
  let done = false
  const watching = (async () => {
    while (!done) {
      await new Promise(setImmediate)
      touched.turns++
      touched.most = Math.max(touched.most, touched.now)
      touched.all += touched.now
      touched.now = 0
    }
  })()
  await projection.changePlant(changeBetween(shown, plant))
  done = true
  await watching
  Object.assign(namespace, { addVariable, addObject, deleteNode })
  shown = plant
  return touched
}

interface ModelEvent {
  readonly changes: { readonly value: readonly { readonly affected: object; readonly verb: number }[] }
}

function listen(): ModelEvent[] {
  const events: ModelEvent[] = []
  addressSpace.rootFolder.objects.server.on('event', (event) => events.push(event as unknown as ModelEvent))
  return events
}

/** A device has about as many nodes of its own, and its tags are counted by themselves. */
const NODES_OF_A_DEVICE = 20
const MOST_A_TURN = NODES_A_TURN * NODES_OF_A_DEVICE
const LEAST_TURNS = CHANGES / NODES_A_TURN

it('thousands of tags of many devices come, change and go in turns, between which clients are served', async () => {
  const events = listen()
  const came = await change(many())
  expect(came.all).toBeGreaterThan(CHANGES)
  expect(came.most).toBeLessThanOrEqual(MOST_A_TURN)
  expect(came.turns).toBeGreaterThan(LEAST_TURNS)
  // One event for the step, which names a thousand changes at the most: first the nodes that are to be browsed anew.
  expect(events.map(({ changes }) => changes.value.length)).toEqual([1_000])
  const deviceSet = addressSpace.findNode('ns=2;i=5001')
  expect(events[0]?.changes.value.some(({ affected }) => affected === deviceSet?.nodeId)).toBe(true)

  const node = addressSpace.findNode(`ns=${nodes().index};s=device-59/tag-49`)
  const edited = await change(many({ range: { low: 0, high: 5 } }))
  expect(edited.turns).toBeGreaterThan(LEAST_TURNS)
  expect(edited.most).toBeLessThanOrEqual(MOST_A_TURN)
  expect(addressSpace.findNode(`ns=${nodes().index};s=device-59/tag-49`)).toBe(node)
  // A SemanticChangeEvent for each thousand of them.
  expect(events.slice(1).map(({ changes }) => changes.value.length)).toEqual(
    Array.from({ length: CHANGES / 1_000 }, () => 1_000),
  )

  const went = await change(few)
  expect(went.all).toBeGreaterThan(CHANGES)
  expect(went.most).toBeLessThanOrEqual(MOST_A_TURN)
  expect(went.turns).toBeGreaterThan(LEAST_TURNS)
}, 60_000)

it('ten thousand tags of one device come and go in turns, too', async () => {
  const came = await change(aPlant([aModbusDevice('cpu', tags(TEN_THOUSAND))]))
  expect(came.all).toBeGreaterThan(TEN_THOUSAND)
  expect(came.most).toBeLessThanOrEqual(MOST_A_TURN)
  expect(came.turns).toBeGreaterThan(TEN_THOUSAND / NODES_A_TURN)

  const went = await change(few)
  expect(went.most).toBeLessThanOrEqual(MOST_A_TURN)
  expect(went.turns).toBeGreaterThan(TEN_THOUSAND / NODES_A_TURN)
}, 60_000)

it('what the engine says of tags that are still to come is shown when they are there, in order', async () => {
  const plant = aPlant([aModbusDevice('cpu', tags(500))])
  const indexing = new TagIndexing(few)
  const step = changeBetween(few, plant)
  const { added } = indexing.apply(step, plant)
  const [last] = added.slice(-1)
  const shownStep = projection.changePlant(step)

  const applied = [1, 2].map((value) => projection.apply(batchOf(last?.index ?? 0, value)))
  const seen = () => addressSpace.findNode(`ns=${nodes().index};s=cpu/tag-499`)
  expect(seen()).toBeNull()
  for (const done of applied) await done

  await shownStep
  expect((seen() as UAVariable).readValue().value.value).toBe(2)
})

it('what an engine said that is lost meanwhile is not shown any more', async () => {
  const plant = aPlant([aModbusDevice('cpu', tags(500))])
  const indexing = new TagIndexing(few)
  const step = changeBetween(few, plant)
  const [last] = indexing.apply(step, plant).added.slice(-1)
  const shownStep = projection.changePlant(step)

  const applied = projection.apply(batchOf(last?.index ?? 0, 1))
  projection.showHeard(false)
  await shownStep
  await applied

  const variable = addressSpace.findNode(`ns=${nodes().index};s=cpu/tag-499`) as UAVariable
  expect(variable.readValue().statusCode).toBe(StatusCodes.BadWaitingForInitialData)
})

const variableOf = (id: string) => addressSpace.findNode(`ns=${nodes().index};s=${id}`) as UAVariable

it('a LoRaWAN device that was a gateway all along is shown as one, with its tags and as it was heard last', async () => {
  const tag = loraTag('snr', 'link.snr')
  const device = loraDevice('roof', '24e124136d123456', [tag])
  await change({ sources: [chirpStackConfig([device])] })
  const health = { key: 'lora', state: 'connected', reason: '', since: 0, counters: noCounters } as const
  projection.showSources([{ ...health, devices: [{ key: 'roof', state: 'online', reason: '' }] }])
  const typeOf = () => (variableOf('roof') as unknown as UAObject).typeDefinitionObj.browseName.name
  expect(typeOf()).toBe('LoRaWANDeviceType')

  const events = listen()
  await change({ sources: [chirpStackConfig([loraGateway('roof', '24e124136d123456', [tag])])] })
  expect(typeOf()).toBe('LoRaWANGatewayType')
  expect(variableOf('roof#DevEUI')).toBeNull()
  expect(variableOf('roof#GatewayId').readValue().value.value).toBe('24e124136d123456')
  expect(variableOf('roof#State').readValue().statusCode).toBe(StatusCodes.Good)
  const told = events.flatMap(({ changes }) => changes.value.map(({ affected, verb }) => `${affected} ${verb}`))
  // Each is deleted and added.
  const namespace = nodes().index
  expect(told).toEqual(expect.arrayContaining([`ns=${namespace};s=roof/snr 3`, `ns=${namespace};s=roof 15`]))
})

it('what belongs to a tag may be done with as the tag itself, also when that changes', async () => {
  const states = [
    { value: 0, name: 'Off', codes: [] },
    { value: 1, name: 'On', codes: [] },
  ]
  const pump = (access: 'read' | 'readWrite') =>
    aPlant([aModbusDevice('pump', [aTag('run', { type: 'Boolean', states, access })])])
  const permissionsOf = (id: string) => variableOf(id).rolePermissions
  await change(pump('read'))
  const reading = permissionsOf('pump/run')
  for (const access of ['readWrite', 'read'] as const) {
    await change(pump(access))
    for (const name of ['TrueState', 'FalseState']) {
      expect(permissionsOf(`pump/run#${name}`)).toBe(permissionsOf('pump/run'))
    }
  }
  expect(permissionsOf('pump/run')).toBe(reading)
})

it('nothing is said on nodes of a source that has gone', async () => {
  await change({ sources: [...few.sources, chirpStackConfig([loraDevice('hall', '24e124136d123456', [])])] })
  const version = variableOf('#source/lora/Devices#NodeVersion')
  const said = vi.spyOn(version as UAVariable & { _internal_set_dataValue(): void }, '_internal_set_dataValue')
  await change(few)
  await change(aPlant([aModbusDevice('pump', [aTag('speed')]), aModbusDevice('fan', [], { unitId: 2 })]))
  expect(said).not.toHaveBeenCalled()
})

const batchOf = (tag: number, value: number): SampleBatch => ({
  count: 1,
  tag: Uint32Array.of(tag),
  bits: Float64Array.of(value),
  status: Uint32Array.of(0),
  sourceTime: Float64Array.of(1),
  serverTime: Float64Array.of(1),
  textRow: new Uint32Array(0),
  text: [],
  arrayRow: new Uint32Array(0),
  array: [],
})
