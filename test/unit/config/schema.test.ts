import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { configOf, linesOf, modbusPlant } from './loading.ts'

const GROUP = '3f0c7f8e-5c1b-4f0a-9a55-0c1d2e3f4a5b'
const chirpstackPlant = (devEui: string) => `
sources:
  - key: site-a
    kind: chirpstack
    url: http://chirpstack:8080/
    tenantId: 52F14CD4-C6F1-4FBD-8F87-4025E1D49242
    linkTags: false
    devices: [{ key: sensor, devEui: ${devEui} }]
`

describe('what is left out', () => {
  it('makes a server that is closed: encrypted only, no anonymous clients, none trusted unseen', () => {
    const { opcua, http } = configOf('sources: []')
    expect(opcua.security).toEqual({
      policies: ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'],
      modes: ['Sign', 'SignAndEncrypt'],
      allowUnencrypted: false,
      allowAnonymous: false,
      autoTrustClients: false,
    })
    expect(opcua.users).toEqual([])
    expect(http).toEqual({ port: 8080, bind: '127.0.0.1', behindProxy: false, allowUnencrypted: false })
  })

  it('makes a server that clients find at opc.tcp://<host name of the machine>:4840/penstock', () => {
    const { opcua } = configOf('sources: []')
    expect(opcua).toMatchObject({ port: 4840, bind: '0.0.0.0', hostname: hostname(), path: '/penstock' })
  })

  it('makes a Modbus device as the specification has it', () => {
    expect(configOf(modbusPlant('tags: [{ key: t, type: Float, address: "holding:1" }]')).sources).toEqual([
      {
        key: 'line',
        name: 'line',
        disabled: false,
        kind: 'modbus',
        host: '127.0.0.1',
        port: 502,
        timeoutMs: 1_000,
        connectTimeoutMs: 3_000,
        delayBetweenRequestsMs: 0,
        delayAfterConnectMs: 0,
        window: 1,
        transport: 'tcp',
        devices: [
          {
            key: 'meter',
            name: 'meter',
            disabled: false,
            unitId: 1,
            pollMs: 1_000,
            badAfterMs: 600_000,
            byteOrder: 'big',
            wordOrder: 'big',
            maxRegisters: 125,
            maxCoils: 2_000,
            tags: [{ key: 't', name: 't', disabled: false, type: 'Float', address: 'holding:1' }],
          },
        ],
      },
    ])
  })

  it('makes an S7 CPU in rack 0, slot 1', () => {
    expect(configOf('sources: [{ key: plc, kind: s7, host: plc, devices: [{ key: cpu }] }]').sources).toEqual([
      {
        key: 'plc',
        name: 'plc',
        disabled: false,
        kind: 's7',
        host: 'plc',
        port: 102,
        rack: 0,
        slot: 1,
        timeoutMs: 2_000,
        connectTimeoutMs: 3_000,
        devices: [{ key: 'cpu', name: 'cpu', disabled: false, pollMs: 1_000, badAfterMs: 600_000, tags: [] }],
      },
    ])
  })

  it('makes a ChirpStack source whose API key is in a variable named for it', () => {
    expect(configOf(chirpstackPlant('"24e124136d123456"')).sources).toEqual([
      {
        key: 'site-a',
        name: 'site-a',
        disabled: false,
        kind: 'chirpstack',
        url: 'http://chirpstack:8080',
        tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
        apiKeyEnv: 'PENSTOCK_SITE_A_API_KEY',
        callTimeoutMs: 10_000,
        inventoryPeriodMs: 300_000,
        metricsPeriodMs: 300_000,
        linkTags: false,
        devices: [
          { key: 'sensor', name: 'sensor', disabled: false, devEui: '24e124136d123456', badAfterMs: 600_000, tags: [] },
        ],
      },
    ])
  })

  it('makes a device of ChirpStack that has a gatewayId a gateway, without a DevEUI', () => {
    const text = chirpstackPlant('x').replace('devEui: x', 'gatewayId: 00:16:C0:01:F1:50:00:01')
    expect(configOf(text).sources[0]?.devices).toEqual([
      { key: 'sensor', name: 'sensor', disabled: false, gatewayId: '0016c001f1500001', badAfterMs: 600_000, tags: [] },
    ])
  })

  it('makes a device of ChirpStack that has a multicastGroup a group, with commands of its own', () => {
    const downlink = 'downlink: { fPort: 10, payload: [{ hex: "01" }] }'
    const settings = `multicastGroup: ${GROUP.toUpperCase()}, commands: [{ key: "on", ${downlink} }]`
    expect(configOf(chirpstackPlant('x').replace('devEui: x', settings)).sources[0]?.devices).toMatchObject([
      { key: 'sensor', multicastGroup: GROUP, commands: [{ key: 'on', downlink: { fPort: 10, confirmed: false } }] },
    ])
  })

  it.each([
    ['', 'devEui', 'this one has none'],
    ['devEui: "24e124136d123456", gatewayId: "0016c001f1500001"', 'gatewayId', 'has devEui and gatewayId'],
    [`gatewayId: "0016c001f1500001", multicastGroup: ${GROUP}`, 'multicastGroup', 'has gatewayId and multicastGroup'],
    [`multicastGroup: ${GROUP}, linkTags: true`, 'linkTags', 'A multicast group is no end device'],
  ])(
    'refuses a device of ChirpStack that is not exactly one of device, gateway and group: %s',
    (settings, at, message) => {
      const lines = linesOf(chirpstackPlant('x').replace(', devEui: x', settings && `, ${settings}`))
      expect(lines).toEqual([expect.stringContaining(`sources[0].devices[0].${at}`)])
      expect(lines[0]).toContain(message)
    },
  )

  it('puts a password into a variable named for the user', () => {
    const { opcua } = configOf('opcua: { users: [{ name: shift.lead, role: Observer }] }\nsources: []')
    expect(opcua.users).toEqual([{ name: 'shift.lead', role: 'Observer', passwordEnv: 'PENSTOCK_SHIFT_LEAD_PASSWORD' }])
  })
})

describe('a Modbus device', () => {
  it.each([
    ['ABCD', 'big', 'big'],
    ['CDAB', 'big', 'little'],
    ['BADC', 'little', 'big'],
    ['DCBA', 'little', 'little'],
  ])('whose order is %s has the byte order %s and the word order %s', (order, byteOrder, wordOrder) => {
    const [device] = configOf(modbusPlant(`order: ${order}`)).sources[0]?.devices ?? []
    expect(device).toMatchObject({ byteOrder, wordOrder })
    expect(device).not.toHaveProperty('order')
  })

  it('keeps how it counts, writes texts and where its clock is', () => {
    const settings =
      'addressBase: 1, bitOrder: msb, iecMemory: bytes, charset: latin1, padding: keep, timeZone: "+01:00"'
    expect(configOf(modbusPlant(settings)).sources[0]?.devices[0]).toMatchObject({
      addressBase: 1,
      bitOrder: 'msb',
      iecMemory: 'bytes',
      charset: 'latin1',
      padding: 'keep',
      timeZone: '+01:00',
    })
  })

  it.each([
    ['order: CDAB, wordOrder: little', 'order is "CDAB": It says what byteOrder and wordOrder say. Keep order, or'],
    ['order: GHEF', 'order is "GHEF": Allowed is one of ABCD, CDAB, BADC, DCBA.'],
    ['addressBase: 2', 'addressBase is 2: Allowed is 0 or 1. Write for example 1.'],
    ['timeZone: Mars/Olympus', 'timeZone is "Mars/Olympus": Allowed is a name such as Europe/Berlin, or an offset'],
  ])('with %s is refused with what to write instead', (settings, line) => {
    expect(linesOf(modbusPlant(settings))).toEqual([expect.stringContaining(`sources[0].devices[0].${line}`)])
  })
})

describe('a tag', () => {
  it('keeps everything that is said of it, durations in milliseconds', () => {
    const tag = `{ key: t, name: T, description: d, disabled: true, type: String, address: a, encoding: string,
          byteOrder: little, wordOrder: little, order: DCBA, charset: ascii, padding: nul, length: 8, unit: V, poll: 2s, staleAfter: 9s, badAfter: 0s }`
    expect(configOf(modbusPlant(`tags: [${tag}]`)).sources[0]?.devices[0]?.tags[0]).toEqual({
      key: 't',
      name: 'T',
      description: 'd',
      disabled: true,
      type: 'String',
      address: 'a',
      encoding: 'string',
      byteOrder: 'little',
      wordOrder: 'little',
      order: 'DCBA',
      charset: 'ascii',
      padding: 'nul',
      length: 8,
      unit: 'V',
      pollMs: 2_000,
      staleAfterMs: 9_000,
      badAfterMs: 0,
    })
  })
})

describe('a DevEUI', () => {
  it.each(['"24E124136D123456"', '24-e1-24-13-6d-12-34-56', '24:E1:24:13:6D:12:34:56'])(
    'written %s is sent to ChirpStack in the lower case it needs',
    (devEui) => {
      expect(configOf(chirpstackPlant(devEui)).sources[0]?.devices[0]).toMatchObject({ devEui: '24e124136d123456' })
    },
  )

  it.each(['24e124136d12345', '24e124136d12345g', '24-e124136d123456', '24-e1:24-13-6d-12-34-56'])(
    'written %s is refused',
    (devEui) => {
      expect(linesOf(chirpstackPlant(devEui))).toEqual([expect.stringContaining('sources[0].devices[0].devEui is')])
    },
  )
})

describe('settings that contradict each other', () => {
  it('are a value that turns stale before it is read again', () => {
    expect(linesOf(modbusPlant('poll: 5s, staleAfter: 5s'))).toEqual([
      'line 7: sources[0].devices[0].staleAfter is "5s": A value must not turn stale before it is read again. ' +
        'Make staleAfter at least twice the poll period, or poll more often.',
    ])
  })

  it('are a tag that is read less often than its device lets values live', () => {
    const tags = `tags: [{ key: t, type: Float, address: a, poll: 1m }]`
    expect(linesOf(modbusPlant(`staleAfter: 30s, ${tags}`))).toEqual([
      expect.stringContaining('sources[0].devices[0].tags[0].poll is "1m": A value must not turn stale'),
    ])
  })

  it('are a range that ends before it begins, and a range of text', () => {
    const tags = `tags: [{ key: a, type: Float, address: a, range: { low: 5, high: 5 } },
          { key: b, type: String, address: b, length: 2, range: { low: 0, high: 5 } }]`
    expect(linesOf(modbusPlant(tags))).toEqual([
      expect.stringContaining('tags[0].range.high is 5: The highest normal value must be greater than the lowest, 5.'),
      expect.stringContaining('tags[1].range: A String has no range.'),
    ])
  })
})

describe('bounds', () => {
  it.each([
    ['unitId: 0', 'unitId is 0: Allowed is a whole number from 1 to 247, or 255; 0 is broadcast'],
    ['unitId: 248', 'unitId is 248'],
    ['unitId: 1.5', 'unitId is 1.5'],
    ['unitId: 255', undefined],
    ['unitId: 1, poll: 49ms', 'poll is "49ms": Allowed is a whole number with its unit'],
    ['unitId: 1, poll: 50ms', undefined],
    ['unitId: 1, poll: 1', 'poll is 1: Allowed is a whole number with its unit'],
    ['unitId: 1, maxRegisters: 126', 'maxRegisters is 126: Allowed is a whole number from 1 to 125.'],
    ['unitId: 1, maxCoils: 2001', 'maxCoils is 2001: Allowed is a whole number from 1 to 2000.'],
    ['unitId: 1, maxGap: 0', undefined],
    ['unitId: 1, maxGap: 2001', 'maxGap is 2001: Allowed is a whole number from 0 to 2000.'],
    ['unitId: 1, badAfter: 366d', 'badAfter is "366d"'],
    ['unitId: 1, byteOrder: middle', 'byteOrder is "middle": Allowed is one of big, little.'],
  ])('of a Modbus device: %s', (device, complaint) => {
    const text = `sources: [{ key: s, kind: modbus, host: h, devices: [{ key: d, ${device} }] }]`
    expect(linesOf(text)).toEqual(
      complaint === undefined ? [] : [expect.stringContaining(`sources[0].devices[0].${complaint}`)],
    )
  })

  it.each(['bad host', 'http://host', 'host:502', '', '-host'])('of a host: %j is refused', (host) => {
    const text = `sources: [{ key: s, kind: modbus, host: ${JSON.stringify(host)} }]`
    expect(linesOf(text)).toEqual([expect.stringContaining('Allowed is a host name or an IP address, without a port.')])
  })

  it.each(['plc', 'plc-1.plant.example', '10.0.0.1', '::1', 'fe80::1'])('of a host: %j is allowed', (host) => {
    expect(linesOf(`sources: [{ key: s, kind: modbus, host: ${JSON.stringify(host)} }]`)).toEqual([])
  })
})
