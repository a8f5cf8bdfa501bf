import { describe, expect, it } from 'vitest'
import { chirpStackSource } from '../../../../src/sources/chirpstack/source-type.ts'
import { chirpStackConfig, loraDevice, loraGateway, loraGroup, loraTag } from '../../../support/chirpstack-plant.ts'

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

  it('finds two gateways with one id, and tells a gateway from a device of the same EUI', () => {
    const config = chirpStackConfig([
      loraDevice('hall', EUI, []),
      loraGateway('roof', EUI, []),
      loraGateway('twin', EUI.toUpperCase(), []),
    ])
    expect(chirpStackSource.validate(config)).toEqual([
      expect.objectContaining({ path: 'devices[2].gatewayId', message: expect.stringContaining('"roof"') }),
    ])
  })

  it('refuses what a gateway has not, what a device has not, and buckets that ChirpStack does not keep', () => {
    const config = chirpStackConfig([
      loraDevice('hall', EUI, [
        loraTag('a', 'metric:t@hour'),
        loraTag('b', 'gateway:state'),
        loraTag('c', 'metric:t@minute'),
      ]),
      loraGateway('roof', EUI, [
        loraTag('a', 'gateway-metric:rx_packets@hour'),
        loraTag('b', 'object.t'),
        loraTag('c', 'metric:t@hour'),
      ]),
    ])
    expect(chirpStackSource.validate(config).map(({ path, message }) => [path, message])).toEqual([
      ['devices[0].tags[1].address', expect.stringContaining('belong to one with a gatewayId')],
      ['devices[0].tags[2].address', expect.stringMatching(/^At column 10: .*answer 0 for ever/)],
      ['devices[1].tags[1].address', expect.stringContaining('it has gateway: and gateway-metric:')],
      ['devices[1].tags[2].address', expect.stringContaining('it has gateway: and gateway-metric:')],
    ])
  })

  it.each([
    ['http://lora:8080', { serverName: 'lora' }, 'tls', /no TLS.*https:\/\/ in url/],
    ['https://lora', { certificateFile: 'c' }, 'tls.certificateFile', /needs its key.*keyFile, or keyEnv/],
    ['https://lora', { keyFile: 'k' }, 'tls.keyFile', /without its client certificate.*certificateFile/],
    ['https://lora', { keyEnv: 'K' }, 'tls.keyEnv', /without its client certificate.*certificateFile/],
    ['https://lora', { certificateFile: 'c', keyFile: 'k', keyEnv: 'K' }, 'tls.keyEnv', /given twice.*Remove one/],
  ])('finds what does not fit together between %s and %j', (url, tls, path, words) => {
    const [problem, ...others] = chirpStackSource.validate(chirpStackConfig([], { url, tls }))
    expect(problem?.path).toBe(path)
    expect(`${problem?.message} ${problem?.mend}`).toMatch(words)
    expect(others).toEqual([])
  })

  it.each([
    { caFile: 'a', serverName: 'lora' },
    { certificateFile: 'c', keyFile: 'k' },
    { certificateFile: 'c', keyEnv: 'K' },
  ])('accepts %j behind https', (tls) => {
    expect(chirpStackSource.validate(chirpStackConfig([], { url: 'https://lora', tls }))).toEqual([])
  })

  it('lets a multicast group have what it can have: payloads that nobody acknowledges, and what ChirpStack knows of it', () => {
    const groupId = '3f0c7f8e-5c1b-4f0a-9a55-0c1d2e3f4a5b'
    const command = (key: string, downlink: object) => ({
      key,
      name: key,
      parameters: [],
      downlink: { fPort: 1, confirmed: false, ...downlink },
    })
    const payload = [{ hex: '01' }]
    const config = chirpStackConfig([
      loraGroup('lamps', groupId, {
        tags: [loraTag('queue', 'group:queue'), loraTag('t', 'object.t'), loraTag('state', 'gateway:state')],
        commands: [
          command('good', { payload }),
          command('sure', { payload, confirmed: true }),
          command('codec', { object: {} }),
        ],
      }),
      loraGroup('again', groupId),
      loraDevice('hall', EUI, [loraTag('queue', 'group:queue')]),
    ])
    expect(chirpStackSource.validate(config).map(({ path, message }) => [path, message])).toEqual([
      ['devices[0].tags[1].address', expect.stringContaining('sends nothing; it has group:')],
      ['devices[0].tags[2].address', expect.stringContaining('sends nothing; it has group:')],
      ['devices[0].commands[1].downlink.confirmed', expect.stringContaining('acknowledges')],
      ['devices[0].commands[2].downlink.object', expect.stringContaining('no codec')],
      ['devices[1].multicastGroup', expect.stringContaining('same multicast group')],
      ['devices[2].tags[0].address', expect.stringContaining('one with a multicastGroup')],
    ])
  })
})
