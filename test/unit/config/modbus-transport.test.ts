import { describe, expect, it } from 'vitest'
import { modbusSource } from '../../../src/sources/modbus/source-type.ts'
import { configOf, linesOf } from './loading.ts'

const plant = (...sources: readonly string[]): string =>
  `sources:\n${sources.map((each, i) => `  - { key: line-${i}, kind: modbus, ${each} }`).join('\n')}\n`

describe('how a Modbus source is reached', () => {
  it('is Modbus TCP unless it says otherwise', () => {
    expect(configOf(plant('host: plc')).sources[0]).toMatchObject({ transport: 'tcp', host: 'plc', port: 502 })
  })

  it.each([
    ['udp', 502],
    ['rtu-over-tcp', 502],
    ['ascii-over-tcp', 502],
    ['tls', 802],
  ])('over %s is port %i unless set', (transport, port) => {
    expect(configOf(plant(`transport: ${transport}, host: plc`)).sources[0]).toMatchObject({ transport, port })
    const set = configOf(plant(`transport: ${transport}, host: plc, port: 4001`)).sources[0]
    expect(set).toMatchObject({ port: 4001 })
  })

  it.each([
    ['rtu', 8],
    ['ascii', 7],
  ])('over a serial line with %s has the characters of the specification unless set', (transport, dataBits) => {
    const [source] = configOf(plant(`transport: ${transport}, serial: { path: /dev/ttyS0 }`)).sources
    const serial = { path: '/dev/ttyS0', baudRate: 19_200, dataBits, parity: 'even', stopBits: 1 }
    expect(source).toMatchObject({ transport, serial })
    expect(source).not.toHaveProperty('host')
  })

  it('takes pauses in milliseconds', () => {
    const [source] = configOf(plant('host: plc, delayBetweenRequests: 20ms, delayAfterConnect: 1s')).sources
    expect(source).toMatchObject({ delayBetweenRequestsMs: 20, delayAfterConnectMs: 1_000 })
  })

  it.each(['tcp', 'tls'])('over %s may have several requests under way, and has one unless set', (transport) => {
    expect(configOf(plant(`transport: ${transport}, host: plc`)).sources[0]).toMatchObject({ window: 1 })
    expect(configOf(plant(`transport: ${transport}, host: plc, window: 16`)).sources[0]).toMatchObject({ window: 16 })
  })

  it('takes a window of 1 over every transport', () => {
    expect(configOf(plant('transport: udp, host: plc, window: 1')).sources[0]).toMatchObject({ window: 1 })
  })

  it.each([
    ['no host', '', 'sources[0].host: The transport is tcp, which needs a host.'],
    ['a serial line and no transport', 'serial: { path: /dev/ttyS0 }', 'Set transport to rtu or ascii, or remove it.'],
    [
      'a host and a serial line',
      'transport: rtu, host: plc, serial: { path: /dev/ttyS0 }',
      'which has no host. Remove',
    ],
    ['a port and a serial line', 'transport: ascii, port: 4001, serial: { path: /dev/ttyS0 }', 'to ascii-over-tcp for'],
    [
      'no serial line',
      'transport: rtu',
      'sources[0].serial: The transport is rtu, which needs to know its serial line.',
    ],
    ['a serial line without a path', 'transport: rtu, serial: { baudRate: 9600 }', 'sources[0].serial.path'],
    ['RTU with 7 data bits', 'transport: rtu, serial: { path: a, dataBits: 7 }', 'Modbus RTU have 8 data bits.'],
    ['TLS settings without TLS', 'host: plc, tls: { caFile: a }', 'Set transport to tls, or remove it.'],
    ['a transport that is none', 'host: plc, transport: rs485', 'sources[0].transport is "rs485"'],
    ['a parity that is none', 'transport: rtu, serial: { path: a, parity: mark }', 'one of none, even, odd'],
    ['a window of 17', 'host: plc, window: 17', 'sources[0].window is 17'],
    [
      'a window on a serial line',
      'transport: rtu, serial: { path: a }, window: 4',
      'an answer does not say there which request it belongs to',
    ],
    ['a window behind a serial server', 'transport: rtu-over-tcp, host: plc, window: 2', 'sources[0].window'],
    ['a window of datagrams', 'transport: udp, host: plc, window: 2', 'may be dropped without a word'],
    ['a window and pauses', 'host: plc, window: 2, delayBetweenRequests: 20ms', 'so never two are under way'],
    ['three stop bits', 'transport: rtu, serial: { path: a, stopBits: 3 }', 'Allowed is 1 or 2'],
  ])('is refused with %s', (_, fields, words) => {
    expect(linesOf(plant(fields))).toEqual([expect.stringContaining(words)])
  })

  it('says of a serial line that two sources have that one may have it, unless the other is disabled', () => {
    const line = 'transport: rtu, serial: { path: /dev/ttyS0 }'
    expect(linesOf(plant(line, line))).toEqual([
      expect.stringContaining(
        'sources[1].serial.path is "/dev/ttyS0": A serial line carries one source, which may have many devices',
      ),
    ])
    expect(linesOf(plant(line, `${line}, disabled: true`))).toEqual([])
  })

  it('takes the key of a client certificate from the environment, and says when it is not there', () => {
    const text = plant('transport: tls, host: plc, tls: { certificateFile: a, keyEnv: PENSTOCK_LINE_KEY }')
    expect(linesOf(text, { env: { PENSTOCK_LINE_KEY: 'x' }, requireSecrets: true })).toEqual([])
    expect(linesOf(text, { requireSecrets: true })).toEqual([
      expect.stringContaining('the key of the client certificate of the source "line-0"'),
    ])
  })

  it('says what does not fit together in its TLS settings', () => {
    const validators = { modbus: modbusSource.validate }
    expect(linesOf(plant('transport: tls, host: plc, tls: { certificateFile: a }'), { validators })).toEqual([
      expect.stringContaining('sources[0].tls.certificateFile: A client certificate needs its key.'),
    ])
  })
})
