import { describe, expect, it } from 'vitest'
import { chirpStackSource } from '../../../../src/sources/chirpstack/source-type.ts'
import { chirpStackConfig, loraDevice, loraTag } from '../../../support/chirpstack-plant.ts'

const EUI = 'a81758fffe0a1001'

describe('the check of a ChirpStack source', () => {
  it('accepts a configuration without faults', () => {
    const config = chirpStackConfig([loraDevice('hall', EUI, [loraTag('t', 'object.temperature')])])
    expect(chirpStackSource.validate(config)).toEqual([])
  })

  it('says of every bad address at once where it is, what is wrong and how to mend it', () => {
    const config = chirpStackConfig([
      loraDevice('hall', EUI, [loraTag('good', 'fCnt'), loraTag('bad', 'temperature'), loraTag('worse', 'object[x]')]),
    ])
    expect(chirpStackSource.validate(config)).toEqual([
      {
        path: 'devices[0].tags[1].address',
        value: '"temperature"',
        message: expect.stringMatching(/^At column 1: names "temperature"; the event "up" has object, link,/),
        mend: expect.stringContaining('object.temperature'),
      },
      {
        path: 'devices[0].tags[2].address',
        value: '"object[x]"',
        message: expect.stringMatching(/^At column 8: /),
        mend: expect.stringContaining('[0]'),
      },
    ])
  })

  it('says of a tag whose type or options do not go with its address what does', () => {
    const config = chirpStackConfig([
      loraDevice('hall', EUI, [
        loraTag('age', 'device.age', { type: 'Boolean' }),
        loraTag('seen', 'device.lastSeen', { type: 'Int16' }),
        loraTag('bytes', 'payload', { type: 'Int16' }),
        loraTag('t', 'object.t', { encoding: 'int16' }),
        loraTag('good', 'device.lastSeen', { type: 'String' }),
      ]),
    ])
    expect(chirpStackSource.validate(config).map(({ path }) => path)).toEqual([
      'devices[0].tags[0].type',
      'devices[0].tags[1].type',
      'devices[0].tags[2].type',
      'devices[0].tags[3].encoding',
    ])
  })

  it('finds two devices with one DevEUI, however it is written', () => {
    const config = chirpStackConfig([
      loraDevice('hall', EUI, []),
      loraDevice('twin', EUI.toUpperCase(), []),
      loraDevice('spare', EUI, [], { disabled: true }),
    ])
    expect(chirpStackSource.validate(config)).toEqual([
      expect.objectContaining({ path: 'devices[1].devEui', message: expect.stringContaining('"hall"') }),
    ])
  })
})
