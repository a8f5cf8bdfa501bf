import { describe, expect, it } from 'vitest'
import { configOf, linesOf } from './loading.ts'

const meter = (device: string, tags: string) => `
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices:
      - key: meter
        unitId: 1
        ${device}
        tags: [${tags}]
`
const keysOf = (text: string) => configOf(text).sources[0]?.devices[0]?.tags.map(({ key }) => key)

describe('aggregates', () => {
  it('of a tag become tags beside it, with the type and unit that suit', () => {
    const text = meter(
      '',
      "{ key: t, name: Supply, type: Float, unit: °C, address: 'holding:1', aggregates: [{ window: 15m }] }",
    )
    const [, ...made] = configOf(text).sources[0]?.devices[0]?.tags ?? []
    expect(made).toMatchObject([
      { key: 't-15m-min', name: 'Supply, minimum of 15m', type: 'Float', unit: '°C', history: 'every' },
      { key: 't-15m-max', type: 'Float', unit: '°C' },
      { key: 't-15m-average', type: 'Double', unit: '°C' },
      { key: 't-15m-count', type: 'UInt32', aggregated: { tag: 't', windowMs: 900_000, function: 'count' } },
    ])
    expect(made[3]).not.toHaveProperty('unit')
  })

  it('of a device are for all its numbers that do not say otherwise, and for no states', () => {
    const tags = `{ key: a, type: Float, address: 'holding:1' }, { key: b, type: Boolean, address: 'coil:1' },
          { key: c, type: UInt16, address: 'holding:3', states: [Off, On] },
          { key: d, type: Float, address: 'holding:4', aggregates: [] }`
    const keys = keysOf(meter('aggregates: [{ window: 1h, functions: [max], history: off }]', tags))
    expect(keys).toEqual(['a', 'b', 'c', 'd', 'a-1h-max'])
  })

  it('of a template are for the numbers of each of its devices, not for the tags of the radio link', () => {
    const { sources } = configOf(`
templates:
  - key: climate
    aggregates: [{ window: 10s, functions: [average] }]
    tags: [{ key: t, type: Double, address: object.t }, { key: text, type: String, address: object.text }]
sources:
  - key: site
    kind: chirpstack
    url: http://127.0.0.1:8080
    tenantId: 00000000-0000-0000-0000-000000000001
    apiKeyEnv: CHIRPSTACK_API_KEY
    devices: [{ key: hall, devEui: '0000000000000001', template: climate }]
`)
    const keys = sources[0]?.devices[0]?.tags.map(({ key }) => key)
    expect(keys).toContain('link-rssi')
    expect(keys?.filter((key) => key.endsWith('average'))).toEqual(['t-10s-average'])
  })

  it('can be calculated with, and give way to a tag of the same key', () => {
    const own =
      "{ key: a, type: Float, address: 'holding:1', aggregates: [{ window: 1m }] }, { key: a-1m-min, type: Int16, address: 'holding:9' }"
    const sum = `  - key: sums
    kind: calculated
    devices: [{ key: sum, tags: [{ key: span, type: Double, expression: '[meter/a-1m-max] - [meter/a-1m-min]' }] }]
`
    const tags = configOf(meter('', own) + sum).sources[0]?.devices[0]?.tags
    expect(tags?.filter(({ key }) => key === 'a-1m-min')).toMatchObject([{ type: 'Int16' }])
  })

  it.each([
    ['[{ window: 7s }]', 'A day cannot be divided'],
    ['[{ window: 2h }]', 'from 1s to 1h'],
    ['[{ window: 1m }, { window: 60s }]', 'There are windows of this length already'],
    ['[{ window: 1m, functions: [min, min] }]', 'It is there twice'],
    ['[{ window: 1m, functions: [median] }]', 'one of min, max, average, count'],
  ])('that make no sense are refused: %s', (aggregates, said) => {
    const text = meter('', `{ key: t, type: Float, address: 'holding:1', aggregates: ${aggregates} }`)
    expect(linesOf(text).join()).toContain(said)
  })

  it('are of numbers alone', () => {
    const text = meter('', "{ key: t, type: Boolean, address: 'coil:1', aggregates: [{ window: 1m }] }")
    expect(linesOf(text).join()).toContain('A Boolean cannot be aggregated')
  })
})
