import { describe, expect, it } from 'vitest'
import { configOf, linesOf, modbusPlant } from './loading.ts'

describe('the folder of a device', () => {
  it.each(['Hall 1', 'Hall 1/Line 2', 'Höhe/0', 'a/b/c/d/e/f/g/h/i/j'])('is a path of names: %s', (folder) => {
    const [source] = configOf(modbusPlant(`folder: '${folder}'`)).sources
    expect(source?.devices[0]?.folder).toBe(folder)
  })

  it.each(['', '/Hall', 'Hall/', 'Hall//Line', 'Hall /Line', ' Hall', 'a/b/c/d/e/f/g/h/i/j/k'])(
    'has no empty names, no spaces at their ends and at most ten of them: "%s" is refused',
    (folder) => {
      expect(linesOf(modbusPlant(`folder: '${folder}'`))).toEqual([
        expect.stringContaining('sources[0].devices[0].folder is'),
      ])
    },
  )

  it('is a name each time, also where a name is long', () => {
    const folder = `${'a'.repeat(100)} ${'b'.repeat(90)}`
    expect(configOf(modbusPlant(`folder: ${folder}`)).sources[0]?.devices[0]?.folder).toBe(folder)
    expect(linesOf(modbusPlant(`folder: ${'a '.repeat(150)}a`))).toHaveLength(1)
  })
})

describe('the range of an instrument', () => {
  const plant = (tag: string) => modbusPlant(`tags: [{ key: a, address: 'holding:0', ${tag} }]`)

  it('is kept beside that of normal values', () => {
    const tag = 'type: Float, range: { low: 0, high: 10 }, instrumentRange: { low: -50, high: 150 }'
    expect(configOf(plant(tag)).sources[0]?.devices[0]?.tags[0]).toMatchObject({
      range: { low: 0, high: 10 },
      instrumentRange: { low: -50, high: 150 },
    })
  })

  it.each([
    ['type: Float, instrumentRange: { low: 5, high: 5 }', 'must be greater than the lowest, 5.'],
    ['type: String, length: 2, instrumentRange: { low: 0, high: 5 }', 'A String has no instrumentRange.'],
    ['type: Float, arrayLength: 2, instrumentRange: { low: 0, high: 5 }', 'An array has no instrumentRange.'],
    ['type: Int16, states: [Off, On], instrumentRange: { low: 0, high: 5 }', 'An enumeration has no instrumentRange.'],
  ])('is refused as %s', (tag, message) => {
    expect(linesOf(plant(tag))).toEqual([expect.stringContaining(message)])
  })
})

it('what is on the nameplate of a device is kept', () => {
  const plate = "hardwareRevision: V2.1, softwareRevision: '1.27', deviceManual: 'https://manuals.example/m.pdf'"
  expect(configOf(modbusPlant(plate)).sources[0]?.devices[0]).toMatchObject({
    hardwareRevision: 'V2.1',
    softwareRevision: '1.27',
    deviceManual: 'https://manuals.example/m.pdf',
  })
})
