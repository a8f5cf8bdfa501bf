import { AddressSpace, generateAddressSpace, type UAObject } from 'node-opcua'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import type { Plant } from '../../../src/core/plant.ts'
import { changeBetween } from '../../../src/core/plant-change.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { nodesetFiles } from '../../../src/opcua/address-space/namespaces.ts'
import { NODES_A_TURN, Projection } from '../../../src/opcua/projection.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const DEVICES = 1_000
const TAGS = 10
const few = aPlant([aModbusDevice('pump', [aTag('speed')])])
const range = { low: 0, high: 5 }
const many = (high: number, prefix = 'device') =>
  aPlant(
    Array.from({ length: DEVICES }, (_device, number) =>
      aModbusDevice(
        `${prefix}-${number}`,
        Array.from({ length: TAGS }, (_tag, tag) => aTag(`tag-${tag}`, { range: { ...range, high } })),
      ),
    ),
  )
const wide = aPlant([
  aModbusDevice(
    'cpu',
    Array.from({ length: DEVICES * TAGS }, (_tag, number) => aTag(`tag-${number}`)),
  ),
])

let addressSpace: AddressSpace
let shown: Plant
let projection: Projection
beforeEach(async () => {
  addressSpace = AddressSpace.create()
  await generateAddressSpace(addressSpace, [...nodesetFiles])
  shown = few
  projection = new Projection({
    addressSpace,
    plant: { revision: 0, plant: few, ids: new TagIndexing(few).ids },
    identity: { version: '1.2.3', startedAt: 0 },
    allowAnonymous: false,
    clock: new ManualClock(),
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

/** A device has about as many nodes of its own, and its tags are counted by themselves. */
const NODES_OF_A_DEVICE = 20

it.each([
  ['devices', many(5)],
  ['tags of one device', wide],
])('ten thousand changes to %s come and go in turns, between which clients are served', async (_what, plant) => {
  const came = await change(plant)
  expect(came.all).toBeGreaterThan(DEVICES * TAGS)
  expect(came.most).toBeLessThanOrEqual(NODES_A_TURN * NODES_OF_A_DEVICE)
  expect(came.turns).toBeGreaterThan((DEVICES * TAGS) / NODES_A_TURN)

  const went = await change(few)
  expect(went.all).toBeGreaterThan(DEVICES * TAGS)
  expect(went.most).toBeLessThanOrEqual(NODES_A_TURN * NODES_OF_A_DEVICE)
  expect(went.turns).toBeGreaterThan((DEVICES * TAGS) / NODES_A_TURN)
})

it('a template that is edited for a thousand devices changes their tags in turns and keeps every node', async () => {
  await change(many(5))
  const node = addressSpace.findNode(`ns=${nodes().index};s=device-999/tag-9`)
  const events: { changes: { value: readonly object[] } }[] = []
  addressSpace.rootFolder.objects.server.on('event', (event) => events.push(event as never))

  const edited = await change(many(8))

  expect(edited.turns).toBeGreaterThan((DEVICES * TAGS) / NODES_A_TURN)
  expect(edited.all).toBe(0)
  expect(addressSpace.findNode(`ns=${nodes().index};s=device-999/tag-9`)).toBe(node)
  // One SemanticChangeEvent for each thousand, and nothing of the model.
  expect(events.map((event) => event.changes.value.length)).toEqual(Array.from({ length: TAGS }, () => DEVICES))
})

it('an event names a thousand changes at the most, first the nodes that are to be browsed anew', async () => {
  const events: { changes: { value: readonly { affected: object; verb: number }[] } }[] = []
  addressSpace.rootFolder.objects.server.on('event', (event) => events.push(event as never))

  await change(many(5))

  expect(events).toHaveLength(1)
  const changes = events[0]?.changes.value ?? []
  expect(changes).toHaveLength(1_000)
  const deviceSet = addressSpace.findNode('ns=2;i=5001') as UAObject
  expect(changes.findIndex(({ affected }) => affected === deviceSet.nodeId)).toBeLessThan(1_000)
  expect(changes.findIndex(({ affected }) => affected === deviceSet.nodeId)).toBeGreaterThanOrEqual(0)
})
