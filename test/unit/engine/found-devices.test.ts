import { beforeEach, describe, expect, it } from 'vitest'
import type { ChirpStackSourceConfig, Plant } from '../../../src/core/plant.ts'
import { FoundDevices } from '../../../src/engine/found-devices.ts'
import { chirpStackConfig, loraDevice } from '../../support/chirpstack-plant.ts'

const plantOf = (...sources: ChirpStackSourceConfig[]) => ({ plant: { sources }, templates: [] })
const north = chirpStackConfig([loraDevice('hall', '0000000000000001', [])], { key: 'north' })
const south = chirpStackConfig([], { key: 'south' })
const found = loraDevice('0000000000000002', '0000000000000002', [])
const keysOf = ({ sources }: Plant) => sources.map(({ devices }) => devices.map(({ key }) => key))

let changes: number
let devices: FoundDevices

beforeEach(() => {
  changes = 0
  devices = new FoundDevices(plantOf(north, south), () => changes++)
})

describe('devices that a source found', () => {
  it('stand behind its configured ones, and make a change only where they are others than before', () => {
    const offers = devices.offersOf('north')
    offers.serve([])
    offers.serve([found])
    offers.serve([found])
    expect(keysOf(devices.plant)).toEqual([['hall', '0000000000000002'], []])
    offers.serve([{ ...found, name: 'Cold store' }])
    expect(changes).toBe(2)
  })

  it('that two sources found stand behind one of them, which does not give them up for the other', () => {
    const [first, second] = [devices.offersOf('north'), devices.offersOf('south')]
    first.serve([found])
    second.serve([found])
    expect(keysOf(devices.plant)).toEqual([['hall', found.key], []])
    expect([first.takenKeys().has(found.key), second.takenKeys().has(found.key)]).toEqual([false, true])
  })

  it('go with their source, which is not heard any more from then on, nor when another takes its key', () => {
    const offers = devices.offersOf('south')
    offers.serve([found])
    devices.configure(plantOf(north))
    expect(offers.configured()).toBeUndefined()
    offers.serve([{ ...found }])
    offers.findings({ proposals: [], drift: [] })
    expect([changes, devices.findings]).toEqual([1, []])
    devices.configure(plantOf(north, south))
    expect(keysOf(devices.plant)).toEqual([['hall'], []])
  })
})
