import { describe, expect, it } from 'vitest'
import { addressOf, advertisedUrlFor } from '../../../../src/opcua/services/advertised-url.ts'

const advertised = [
  'opc.tcp://gateway.plant.example:4840/penstock',
  'opc.tcp://192.168.1.10:4840/penstock',
  'opc.tcp://192.168.1.10:14840/penstock',
  'opc.tcp://[fd00::7]:4840/penstock',
]

describe('the endpoint for a client', () => {
  it.each([
    ['the same address', 'opc.tcp://192.168.1.10:4840/penstock', 1],
    ['another path', 'opc.tcp://192.168.1.10:4840', 1],
    ['no port, which is 4840', 'opc.tcp://192.168.1.10', 1],
    ['a forwarded port', 'opc.tcp://192.168.1.10:14840/', 2],
    ['a port that is forwarded without our knowing', 'opc.tcp://192.168.1.10:24840/penstock', 1],
    ['a name in capitals', 'OPC.TCP://GATEWAY.Plant.example:4840/UA', 0],
    ['an IPv6 address', 'opc.tcp://[FD00::7]:4840/penstock', 3],
  ])('that used %s has its host', (_what, url, at) => {
    expect(advertisedUrlFor(url, advertised)).toBe(advertised[at])
  })

  it.each([
    ['another host', 'opc.tcp://10.9.9.9:4840/penstock'],
    ['no address', ''],
    ['nothing', null],
    ['another scheme', 'https://192.168.1.10:4840/penstock'],
    ['junk', '\u0000\uffff:://'],
  ])('that used %s is not known', (_what, url) => {
    expect(advertisedUrlFor(url, advertised)).toBeUndefined()
  })
})

describe('the address of a URL', () => {
  it.each([
    ['opc.tcp://host', { host: 'host', port: 4_840 }],
    ['opc.tcp://Host:1/x', { host: 'host', port: 1 }],
    ['opc.tcp://[::1]:2', { host: '[::1]', port: 2 }],
  ])('%s has host and port', (url, address) => {
    expect(addressOf(url)).toEqual(address)
  })
})
