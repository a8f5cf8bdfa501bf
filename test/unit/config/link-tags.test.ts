import { describe, expect, it } from 'vitest'
import type { ChirpStackSourceConfig } from '../../../src/core/plant.ts'
import { chirpStackSource } from '../../../src/sources/chirpstack/source-type.ts'
import { configOf } from './loading.ts'

const plant = (ofSource: string, device: string) => `
sources:
  - key: site-a
    kind: chirpstack
    url: http://chirpstack:8080/
    tenantId: 52F14CD4-C6F1-4FBD-8F87-4025E1D49242
    ${ofSource}
    devices: [{ key: sensor, ${device} devEui: "24e124136d123456" }]
`

describe('a LoRaWAN device', () => {
  const keysOf = (ofSource: string, device: string) =>
    configOf(plant(ofSource, device)).sources[0]?.devices[0]?.tags.map(({ key }) => key)
  const standard = ['link-rssi', 'link-snr', 'link-sf', 'link-frame-counter', 'link-battery', 'link-last-seen']

  it('has tags for its radio link and battery without being asked', () => {
    expect(keysOf('', '')).toEqual(standard)
  })

  it('has none where its source or itself says so', () => {
    expect(keysOf('linkTags: false', '')).toEqual([])
    expect(keysOf('linkTags: false', 'linkTags: true,')).toEqual(standard)
    expect(keysOf('', 'linkTags: false,')).toEqual([])
  })

  it('keeps its own tags where one has the same key or means the same value', () => {
    const tags = `tags: [{ key: link-snr, type: String, address: object.snr }, { key: signal, type: Int32, address: "up:link.rssi" },
      { key: counter, type: UInt32, address: fCnt }],`
    expect(keysOf('', tags)).toEqual(['link-snr', 'signal', 'counter', 'link-sf', 'link-battery', 'link-last-seen'])
  })

  it('has standard tags whose addresses are right', () => {
    const { sources } = configOf(plant('', ''))
    expect(chirpStackSource.validate(sources[0] as ChirpStackSourceConfig)).toEqual([])
  })
})
