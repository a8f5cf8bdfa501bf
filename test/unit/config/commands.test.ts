import { describe, expect, it } from 'vitest'
import { configOf, linesOf } from './loading.ts'

const TAGS =
  '[{ key: setpoint, type: UInt16, access: readWrite, address: "holding:0", range: { low: 0, high: 100 } }, { key: level, type: UInt16, address: "holding:1" }]'

const modbus = (command: string, tags = TAGS) => `
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices:
      - { key: boiler, unitId: 1, tags: ${tags}, commands: [${command}] }
`
const lorawan = (command: string) => `
templates:
  - { key: valve, tags: [{ key: t, type: Double, address: object.t }], commands: [${command}] }
sources:
  - key: lora
    kind: chirpstack
    url: http://chirpstack:8080
    tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242
    devices: [{ key: v1, devEui: "24e124136d123456", template: valve }]
`
const payload = (fields: string) =>
  lorawan(`{ key: open, parameters: [{ key: p, type: Byte }], downlink: { fPort: 10, payload: ${fields} } }`)

it('how many commands may wait, how long, and how long they are kept has defaults', () => {
  expect(configOf('sources: []').commands).toEqual({
    queueLength: 100,
    totalQueueLength: 10_000,
    parallel: 64,
    expiresAfterMs: 120_000,
    keepMs: 90 * 86_400_000,
  })
})

describe('of a field device', () => {
  it('a command that is right is taken', () => {
    const command =
      '{ key: heat, parameters: [{ key: to, type: UInt16, default: 20 }], writes: [{ tag: setpoint, value: $to }], onlyWhen: [{ tag: boiler/level, above: 5 }] }'
    expect(linesOf(modbus(command))).toEqual([])
  })

  it.each([
    [
      'the key of a tag',
      '{ key: level, writes: [{ tag: setpoint, value: 1 }] }',
      'commands[0].key is "level": .*belongs to sources[0].devices[0].tags[1] already',
    ],
    [
      'a tag that is not there',
      '{ key: a, writes: [{ tag: setpiont, value: 1 }] }',
      'writes[0].tag is "setpiont": .*Write setpoint',
    ],
    [
      'a tag that can only be read',
      '{ key: a, writes: [{ tag: level, value: 1 }] }',
      'writes[0].tag is "level": .*can only be read.*access: readWrite',
    ],
    [
      'a constant out of the range',
      '{ key: a, writes: [{ tag: setpoint, value: 101 }] }',
      'writes[0].value is 101: .*from 0 to 100',
    ],
    [
      'a parameter that is not there',
      '{ key: a, parameters: [{ key: to, type: UInt16 }], writes: [{ tag: setpoint, value: $too }] }',
      'writes[0].value .*Write \\$to',
    ],
    [
      'the same parameter twice',
      '{ key: a, parameters: [{ key: to, type: UInt16 }, { key: to, type: UInt16 }], writes: [{ tag: setpoint, value: 1 }] }',
      'parameters[1].key is "to"',
    ],
    [
      'a default that does not fit',
      '{ key: a, parameters: [{ key: to, type: UInt16, default: -1 }], writes: [{ tag: setpoint, value: 1 }] }',
      'parameters[0].default is -1: .*UInt16',
    ],
    [
      'a range of a text',
      '{ key: a, parameters: [{ key: to, type: String, range: { low: 1, high: 2 } }], writes: [{ tag: setpoint, value: 1 }] }',
      'parameters[0].range: A String has no range',
    ],
    [
      'a range the wrong way round',
      '{ key: a, parameters: [{ key: to, type: Byte, range: { low: 2, high: 1 } }], writes: [{ tag: setpoint, value: 1 }] }',
      'parameters[0].range: .*Exchange',
    ],
    ['nothing to write', '{ key: a, writes: [] }', 'commands[0].writes: .*writes nothing'],
    [
      'a parameter that the tag never takes',
      '{ key: a, parameters: [{ key: to, type: String }], writes: [{ tag: setpoint, value: $to }] }',
      'writes[0].value is "\\$to": The parameter to is a String, .*a UInt16',
    ],
    [
      'a guard on a value that the tag never has',
      '{ key: a, writes: [{ tag: setpoint, value: 1 }], onlyWhen: [{ tag: boiler/level, equals: closed }] }',
      'onlyWhen[0].equals is "closed": .*UInt16',
    ],
    [
      'a guard on a tag that is not there',
      '{ key: a, writes: [{ tag: setpoint, value: 1 }], onlyWhen: [{ tag: boiler/levl }] }',
      'onlyWhen[0].tag is "boiler/levl": .*Write boiler/level',
    ],
    [
      'a guard on a device that is not there',
      '{ key: a, writes: [{ tag: setpoint, value: 1 }], onlyWhen: [{ tag: tank/level }] }',
      'onlyWhen[0].tag is "tank/level": There is no device "tank"',
    ],
  ])('a command with %s is refused', (_what, command, expected) => {
    const lines = linesOf(modbus(command))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(expected.replaceAll('[', '\\[')))
  })
})

describe('of a LoRaWAN device', () => {
  it.each([
    [
      'bytes and bits of the right number',
      payload(
        '[{ hex: "01" }, { value: $p, bits: 4 }, { value: 0, bits: 4 }, { value: 21.5, encoding: int, bits: 16, scale: 0.1 }]',
      ),
    ],
    [
      'an object',
      lorawan(
        '{ key: open, parameters: [{ key: p, type: Byte }], downlink: { fPort: 10, object: { a: [{ b: $p }] } } }',
      ),
    ],
    [
      'a guard on a value of the radio link',
      lorawan(
        '{ key: open, downlink: { fPort: 1, payload: [{ hex: "01" }] }, onlyWhen: [{ tag: v1/t, above: 1 }, { tag: v1/link-rssi, above: -120 }] }',
      ),
    ],
  ])('a downlink of %s is taken', (_what, text) => {
    expect(linesOf(text)).toEqual([])
  })

  it.each([
    [
      'both an object and a payload',
      lorawan('{ key: a, downlink: { fPort: 1, object: {}, payload: [{ hex: "01" }] } }'),
      'downlink.payload: .*has both',
    ],
    ['neither', lorawan('{ key: a, downlink: { fPort: 1 } }'), 'downlink.object: .*has none'],
    [
      'an object that is a text',
      lorawan('{ key: a, downlink: { fPort: 1, object: open } }'),
      'downlink.object is "open": .*is an object',
    ],
    [
      'an unknown parameter in its object',
      lorawan('{ key: a, downlink: { fPort: 1, object: { a: [$q] } } }'),
      'object.a[0] is "\\$q": .*no parameters',
    ],
    ['no fields', payload('[]'), 'payload: It has no fields'],
    ['no whole bytes', payload('[{ value: $p, bits: 5 }]'), 'payload: .*5 bits together.*field of 3 bits'],
    [
      'too many bytes',
      payload('[{ value: $p, encoding: bytes, bits: 1936 }, { hex: "01" }]'),
      'payload: It has 243 bytes',
    ],
    [
      'a field with hex and a value',
      payload('[{ hex: "01", value: 1 }]'),
      'payload[0].value is 1: .*no other settings',
    ],
    ['a field without a value', payload('[{ bits: 8 }]'), 'payload[0].value: .*Add value'],
    ['a float of 16 bits', payload('[{ value: $p, encoding: float, bits: 16 }]'), 'payload[0].bits is 16: .*32 or 64'],
    ['a number of 72 bits', payload('[{ value: $p, bits: 72 }]'), 'payload[0].bits is 72: .*at most 64'],
    [
      'a text of 12 bits',
      payload('[{ value: $p, encoding: utf-8, bits: 12 }, { value: 0, bits: 4 }]'),
      'payload[0].bits is 12: .*whole bytes',
    ],
    [
      'an order of less than a byte',
      payload('[{ value: $p, bits: 4, byteOrder: little }, { value: 0, bits: 4 }]'),
      'payload[0].byteOrder',
    ],
    ['a division by 0', payload('[{ value: $p, scale: 0 }]'), 'payload[0].scale is 0'],
    ['a scaled text', payload('[{ value: $p, encoding: utf-8, scale: 2 }]'), 'payload[0].scale is 2: Only numbers'],
  ])('a downlink with %s is refused', (_what, text, expected) => {
    const lines = linesOf(text)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(expected.replaceAll('[', '\\[')))
  })

  it('a command of its template must not have the key of one of its own tags', () => {
    const text = lorawan('{ key: open, downlink: { fPort: 1, payload: [{ hex: "01" }] } }').replace(
      'template: valve }]',
      'template: valve, tags: [{ key: open, type: Double, address: object.o }] }]',
    )
    expect(linesOf(text).join()).toMatch(
      /devices\[0\]\.tags\[0\]\.key is "open": .*belongs to templates\[0\]\.commands\[0\]/,
    )
  })
})
