import { describe, expect, it } from 'vitest'
import { engineeringUnits } from '../../../../src/opcua/address-space/units.ts'

describe('an engineering unit', () => {
  it.each([
    ['°C', 4_408_652],
    ['%', 20_529],
    ['kWh', 4_937_544],
    ['bar', 4_342_098],
    ['m³/h', 5_067_080],
  ])('%s has its UNECE code as UnitId', (unit, unitId) => {
    expect(engineeringUnits(unit)).toMatchObject({
      unitId,
      namespaceUri: 'http://www.opcfoundation.org/UA/units/un/cefact',
      displayName: { text: unit },
    })
  })

  it.each([
    ['m3/h', 'm³/h'],
    ['degC', '°C'],
    ['\u2126', 'Ω'],
  ])('written %s is the same as %s', (written, unit) => {
    expect(engineeringUnits(written)).toEqual(engineeringUnits(unit))
  })

  it.each(['widgets', 'constructor', '°c'])('without a code keeps the operator’s word: %s', (unit) => {
    expect(engineeringUnits(unit)).toMatchObject({ unitId: -1, displayName: { text: unit } })
    expect(engineeringUnits(unit).namespaceUri).toBe('')
  })
})
