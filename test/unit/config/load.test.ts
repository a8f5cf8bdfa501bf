import { describe, expect, it } from 'vitest'
import { configOf, linesOf, load, modbusPlant, problemsOf } from './loading.ts'

describe('what is wrong with a file', () => {
  it('is said all at once, in the order of the file', () => {
    const text = `opcua:
  prot: 4840
  users:
    - { name: operator, role: observer }
    - operator
http:
sources:
  - key: Boiler
    kind: modbuss
  - key: line
    kind: modbus
    devices:
      - key: meter
        unitId: 0
        serialNumber: 1234
        tags:
          - { key: a, type: Flaot, address: 'holding:1' }
          - { key: a, type: Float, adress: 'holding:1' }
  - 7
`
    expect(problemsOf(text).map(({ path, line }) => [line, path])).toEqual([
      [2, 'opcua.prot'],
      [4, 'opcua.users[0].role'],
      [5, 'opcua.users[1]'],
      [6, 'http'],
      [9, 'sources[0].kind'],
      [10, 'sources[1].host'],
      [14, 'sources[1].devices[0].unitId'],
      [15, 'sources[1].devices[0].serialNumber'],
      [17, 'sources[1].devices[0].tags[0].type'],
      [18, 'sources[1].devices[0].tags[1].address'],
      [18, 'sources[1].devices[0].tags[1].adress'],
      [18, 'sources[1].devices[0].tags[1].key'],
      [19, 'sources[2]'],
    ])
  })

  it('says the line and column of the value', () => {
    expect(problemsOf('sources: []\nopcua:\n  port: 99999\n')).toMatchObject([{ line: 3, column: 9 }])
  })

  it.each([
    ['an unknown setting', 'opcua: { prot: 1 }', 'opcua.prot: There is no such setting here. Write "port".'],
    [
      'a setting that resembles none',
      'log: { colour: red }',
      'log.colour: There is no such setting here. Remove it; the settings here are level.',
    ],
    [
      'a slip in a choice',
      'log: { level: wran }',
      'log.level is "wran": Allowed is one of debug, info, warn, error. Write warn.',
    ],
    [
      'quotes around a number',
      'opcua: { port: "4840" }',
      'opcua.port is "4840": Allowed is a whole number from 0 to 65535. Remove the quotes.',
    ],
    [
      'a word for true',
      'opcua: { security: { allowAnonymous: yes } }',
      'opcua.security.allowAnonymous is "yes": Allowed is true or false. Write for example true.',
    ],
    ['no value', 'log: { level: }', 'log.level: It has no value. Give it one, or remove the line.'],
    [
      'a value where settings belong',
      'log: debug',
      'log: A group of settings belongs here, not a single value. Write for example "level: …", indented below.',
    ],
    [
      'settings where a value belongs',
      'log: { level: { info: true } }',
      'log.level: A single value belongs here, not a group of settings; allowed is one of debug, info, warn, error. Write for example info.',
    ],
    [
      'a value where a list belongs',
      'opcua: { users: admin }',
      'opcua.users: A list belongs here, not a single value. Begin each entry with "- ", indented below.',
    ],
    [
      'an empty list',
      'opcua: { security: { modes: [] } }',
      'opcua.security.modes: It has 0 entries; allowed are at least one entry. Correct the list.',
    ],
  ])('is said with how to mend it: %s', (_, text, complaint) => {
    expect(linesOf(`sources: []\n${text}`)).toEqual([`line 2: ${complaint}`])
  })

  it('is said of a setting that is missing, with what it is for', () => {
    expect(linesOf('log: {}')).toEqual([
      'sources: It is missing. Connections to network servers, devices and CPUs, with what is behind them. Add "sources:".',
    ])
    expect(linesOf('sources: [{ key: plc, kind: s7 }]')).toEqual([
      'line 1: sources[0].host: It is missing. Host name or IP address of the CPU. ' +
        'Add for example "host: 192.168.1.30"; allowed is a host name or an IP address, without a port.',
    ])
  })

  it('is said of a DevEUI that YAML takes for a number, with the digits as they were written', () => {
    const text = `sources: [{ key: l, kind: chirpstack, url: 'http://c', tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242,
      devices: [{ key: d, devEui: 0012345678901234 }] }]`
    expect(linesOf(text)).toEqual([
      expect.stringContaining('Put it in quotes, since YAML takes it for something else: "0012345678901234".'),
    ])
  })

  it('is said of keys that are there twice, also while something else is wrong', () => {
    const text = `opcua: { port: no, users: [{ name: a, role: Observer }, { name: a, role: Observer }] }
sources:
  - { key: s, kind: s7, host: h, devices: [{ key: d, poll: no, tags: [{ key: t }, { key: t }] }] }
  - { key: s, kind: modbus, host: h, devices: [{ key: d, unitId: 1 }] }
`
    expect(linesOf(text)).toEqual(
      expect.arrayContaining([
        expect.stringContaining(
          'opcua.users[1].name is "a": Each user needs a name of their own, and this one belongs to opcua.users[0] already.',
        ),
        expect.stringContaining(
          'sources[0].devices[0].tags[1].key is "t": Each tag of a device needs a key of its own',
        ),
        expect.stringContaining(
          'sources[1].key is "s": Each source needs a key of its own, and this one belongs to sources[0] already.',
        ),
        expect.stringContaining(
          'sources[1].devices[0].key is "d": Each device needs a key of its own in the whole plant, and this one belongs to sources[0].devices[0] already.',
        ),
      ]),
    )
  })

  it('is said of two users whose names lead to the same variable', () => {
    const text = 'opcua: { users: [{ name: a.b, role: Observer }, { name: a-b, role: Observer }] }\nsources: []'
    expect(linesOf(text)).toEqual([
      expect.stringContaining('opcua.users[1].passwordEnv: Each user needs a password of their own'),
    ])
  })

  it('is said of a tag key once where only another device has it too', () => {
    const text = `sources:
  - { key: s, kind: s7, host: h, devices: [{ key: d, tags: [{ key: t, type: Float, address: a }] },
      { key: e, tags: [{ key: t, type: Float, address: a }] }] }`
    expect(linesOf(text)).toEqual([])
  })
})

describe('what a protocol finds wrong', () => {
  const validators = {
    modbus: () => [{ path: 'devices[0].tags[0].address', value: '"x"', message: 'No address.', mend: 'Write one.' }],
  }
  const tags = 'tags: [{ key: t, type: Float, address: x }]'

  it('stands at the place of the source in the file', () => {
    expect(linesOf(modbusPlant(tags), { validators })).toEqual([
      'line 7: sources[0].devices[0].tags[0].address is "x": No address. Write one.',
    ])
  })

  it('is also said while another source has wrong settings', () => {
    expect(linesOf(`${modbusPlant(tags)}  - { key: plc, kind: s7 }\n`, { validators })).toEqual([
      'line 7: sources[0].devices[0].tags[0].address is "x": No address. Write one.',
      expect.stringContaining('line 8: sources[1].host: It is missing.'),
    ])
  })

  it('is not asked of a source whose settings are wrong already', () => {
    expect(linesOf(modbusPlant('poll: no'), { validators })).toEqual([expect.stringContaining('poll is "no"')])
  })
})

describe('the origin of a setting', () => {
  it('is the file with the line, a variable of the environment, or a default', () => {
    const loaded = load('http:\n  port: 8081\nlog: { level: warn }\nsources: []', {
      env: { PENSTOCK_OPCUA_PORT: '4850', PENSTOCK_LOG_LEVEL: 'error' },
    })
    const origins = loaded.ok ? loaded.origins() : new Map()
    expect(origins.get('http.port')).toEqual({ from: 'file', line: 2 })
    expect(origins.get('opcua.port')).toEqual({ from: 'environment', variable: 'PENSTOCK_OPCUA_PORT' })
    expect(origins.get('log.level')).toEqual({ from: 'environment', variable: 'PENSTOCK_LOG_LEVEL' })
    expect(origins.get('opcua.limits.sessions')).toEqual({ from: 'default' })
    expect(origins.get('opcua.users')).toEqual({ from: 'default' })
    expect(origins.get('sources')).toEqual({ from: 'file', line: 4 })
  })
})

describe('blocks that are used again', () => {
  const text = `x-tags: &tags
  - { key: t, type: Float, address: DB1.DBD0 }
x-cpu: &cpu { manufacturer: Siemens, poll: 2s, tags: *tags }
sources:
  - key: plc
    kind: s7
    host: h
    devices:
      - { key: a, <<: *cpu }
      - { <<: *cpu, key: b, poll: 5s }
`

  it('are the same in each place, and what a place says itself wins', () => {
    const devices = configOf(text).sources[0]?.devices
    expect(devices).toMatchObject([
      { key: 'a', manufacturer: 'Siemens', pollMs: 2_000, tags: [{ key: 't' }] },
      { key: 'b', manufacturer: 'Siemens', pollMs: 5_000, tags: [{ key: 't' }] },
    ])
  })

  it('are blamed where they are written', () => {
    expect(problemsOf(text.replace('Float', 'Flaot')).map(({ path, line }) => [line, path])).toEqual([
      [2, 'sources[0].devices[0].tags[0].type'],
      [2, 'sources[0].devices[1].tags[0].type'],
    ])
  })

  it('may be used by as many devices as a plant has', () => {
    const devices = Array.from({ length: 2_000 }, (_, unit) => `      - { <<: *cpu, key: d${unit} }`).join('\n')
    expect(configOf(`${text}${devices}`).sources[0]?.devices).toHaveLength(2_002)
  })
})
