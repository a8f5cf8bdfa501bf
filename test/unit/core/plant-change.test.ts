import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plant } from '../../../src/core/plant.ts'
import {
  changeBetween,
  changedPlant,
  inSteps,
  isNoChange,
  readsTheSame,
  withoutDevices,
} from '../../../src/core/plant-change.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { chirpStackConfig } from '../../support/chirpstack-plant.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const types = ['Double', 'Int32', 'String'] as const
const deviceKeys = ['pump', 'tank', 'valve', 'meter', 'fan']

/** Any plant of up to three sources, whose few keys make most pairs of plants overlap. */
const plants: fc.Arbitrary<Plant> = fc
  .array(
    fc.record({
      key: fc.constantFrom(...deviceKeys),
      source: fc.constantFrom('north', 'south', 'west'),
      name: fc.constantFrom('one', 'two'),
      tags: fc.uniqueArray(
        fc.record({ key: fc.constantFrom('a', 'b', 'c'), type: fc.constantFrom(...types), name: fc.string() }),
        { selector: ({ key }) => key },
      ),
    }),
    { maxLength: 6 },
  )
  .map((devices) => {
    const byKey = new Map(devices.map((device) => [device.key, device]))
    const sources = new Set(devices.map(({ source }) => source))
    return {
      sources: [...sources].flatMap((key) => {
        const own = [...byKey.values()].filter(({ source }) => source === key)
        const configs = own.map(({ key: device, name, tags }) =>
          aModbusDevice(
            device,
            tags.map((tag) => aTag(tag.key, tag)),
            { name },
          ),
        )
        return aPlant(configs, { key, name: own[0]?.name ?? key }).sources
      }),
    }
  })

/** A plant without its order, which says nothing. */
const content = (plant: Plant) =>
  plant.sources
    .map((source) => ({ ...source, devices: [...source.devices].toSorted((a, b) => (a.key < b.key ? -1 : 1)) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))

describe('a change between two plants', () => {
  it('makes the second of the first, in one go or in steps', () => {
    fc.assert(
      fc.property(plants, plants, fc.integer({ min: 1, max: 5 }), (before, after, size) => {
        const change = changeBetween(before, after)
        expect(content(changedPlant(before, change))).toEqual(content(after))
        expect(content(inSteps(change, size).reduce(changedPlant, before))).toEqual(content(after))
      }),
    )
  })

  it('is none between equal plants, in whatever order', () => {
    fc.assert(
      fc.property(plants, (plant) => {
        const turned = { sources: plant.sources.toReversed() }
        expect(isNoChange(changeBetween(plant, turned))).toBe(true)
      }),
    )
  })

  it('leaves out what only says which devices a source has, unless all settings are asked for', () => {
    const plantWith = (rejected: readonly string[]): Plant => ({ sources: [chirpStackConfig([], { rejected })] })
    const [before, after] = [plantWith([]), plantWith(['24e124136d123456'])]
    expect(isNoChange(changeBetween(before, after))).toBe(true)
    const change = changeBetween(before, after, withoutDevices)
    expect(changedPlant(before, change)).toEqual(after)
  })

  it('names only the device that is different', () => {
    const before = aPlant([aModbusDevice('pump', [aTag('speed')]), aModbusDevice('tank', [aTag('level')])])
    const after = aPlant([aModbusDevice('pump', [aTag('speed')]), aModbusDevice('tank', [aTag('level'), aTag('flow')])])
    const change = changeBetween(before, after)
    expect(change.devices.map(({ device }) => device.key)).toEqual(['tank'])
    expect([change.sources, change.removedDevices, change.removedSources]).toEqual([[], [], []])
  })
})

describe('the numbers of the tags', () => {
  it('are the same for everybody who follows the same steps, and for whoever joins later', () => {
    fc.assert(
      fc.property(plants, plants, plants, (first, second, third) => {
        const engine = new TagIndexing(first)
        const follower = new TagIndexing(first, engine.ids)
        let plant = first
        for (const next of [second, third]) {
          for (const step of inSteps(changeBetween(plant, next), 2)) {
            plant = changedPlant(plant, step)
            engine.apply(step, plant)
            follower.apply(step, plant)
          }
          const joining = new TagIndexing(plant, engine.ids)
          expect(follower.ids).toEqual(engine.ids)
          expect(joining.tags).toEqual(engine.tags)
        }
        expect(engine.present.map(({ id }) => id).toSorted()).toEqual(
          new TagIndexing(third).present.map(({ id }) => id).toSorted(),
        )
      }),
    )
  })

  it('never come back, and stay with a tag that only changes its name', () => {
    const before = aPlant([aModbusDevice('pump', [aTag('speed'), aTag('flow')])])
    const indexing = new TagIndexing(before)
    const renamed = aPlant([aModbusDevice('pump', [aTag('speed', { name: 'Speed' })])])
    const first = indexing.apply(changeBetween(before, renamed), renamed)
    expect(first.updated.map(({ id, index }) => [id, index])).toEqual([['pump/speed', 0]])
    expect(first.retired.map(({ id, index }) => [id, index])).toEqual([['pump/flow', 1]])
    const back = indexing.apply(changeBetween(renamed, before), before)
    expect(back.added.map(({ id, index }) => [id, index])).toEqual([['pump/flow', 2]])
  })

  it('are new for a tag of another type, and kept but begun anew for one that reads something else', () => {
    const before = aPlant([aModbusDevice('pump', [aTag('speed'), aTag('flow')])])
    const indexing = new TagIndexing(before)
    const after = aPlant([
      aModbusDevice('pump', [aTag('speed', { type: 'Int32' }), aTag('flow', { address: 'holding:7' })]),
    ])
    const change = indexing.apply(changeBetween(before, after), after)
    expect(change.added.map(({ id }) => id)).toEqual(['pump/speed'])
    expect(change.retired.map(({ id, index }) => [id, index])).toEqual([['pump/speed', 0]])
    expect(change.renewed.map(({ id, index }) => [id, index])).toEqual([['pump/flow', 1]])
  })
})

describe('a tag configured otherwise', () => {
  const placed = (tag: object, device: object = {}) => {
    const plant = aPlant([aModbusDevice('pump', [aTag('speed', tag)], device)])
    return new TagIndexing(plant).present[0] as NonNullable<TagIndexing['present'][0]>
  }

  it.each([
    ['another unit', { unit: 'rpm' }, {}],
    ['another range', { range: { low: 0, high: 9 } }, {}],
    ['another period', { pollMs: 50 }, { pollMs: 70 }],
    ['another name', { name: 'Speed' }, { name: 'Pump' }],
    ['another deadband', { deadband: 2 }, {}],
  ])('with %s is the same value', (_what, tag, device) => {
    expect(readsTheSame(placed({}), placed(tag, device))).toBe(true)
  })

  it.each([
    ['a transform', { transform: { scale: 2 } }, {}],
    ['another address', { address: 'holding:9' }, {}],
    ['another encoding', { encoding: 'int16' }, {}],
    ['another unit id', {}, { unitId: 9 }],
    ['another word order of its device', {}, { wordOrder: 'little' }],
  ])('with %s is another value', (_what, tag, device) => {
    expect(readsTheSame(placed({}), placed(tag, device))).toBe(false)
  })

  it.each([
    ['unit', { transform: { from: '°F' } }, { unit: '°C' }, { unit: 'K' }],
    ['range', { transform: { clamp: true } }, { range: { low: 0, high: 1 } }, { range: { low: 0, high: 2 } }],
  ])('with another %s that its value is made with is another value', (_what, tag, one, other) => {
    expect(readsTheSame(placed({ ...tag, ...one }), placed({ ...tag, ...other }))).toBe(false)
  })
})
