import { describe, expect, it } from 'vitest'
import { authorization, endpointOf } from '../../../../src/sources/chirpstack/endpoint.ts'

describe('the address of a ChirpStack server', () => {
  it.each([
    ['http://chirpstack.plant:8080', 'chirpstack.plant:8080', false],
    ['http://10.0.0.5', '10.0.0.5:80', false],
    ['https://lora.example.org', 'lora.example.org:443', true],
    ['https://lora.example.org:8443/', 'lora.example.org:8443', true],
    ['http://[::1]:8080', '[::1]:8080', false],
  ])('%s is reached at %s', (url, target, secure) => {
    const endpoint = endpointOf({ url })
    expect(endpoint.target).toBe(target)
    expect(endpoint.credentials._isSecure()).toBe(secure)
  })

  it.each(['', 'chirpstack:8080', 'ftp://host:1', 'http://host/api', 'http://me:secret@host', 'http://host?x'])(
    '%j is refused, without being repeated',
    (url) => {
      expect(() => endpointOf({ url })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      expect(() => endpointOf({ url })).not.toThrow(/secret/)
    },
  )
})

describe('the way to a ChirpStack server', () => {
  it('keeps its channels apart and its connections awake, and returns soon', () => {
    expect(endpointOf({ url: 'http://host:8080' }).options).toMatchObject({
      'grpc.use_local_subchannel_pool': 1,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_reconnect_backoff_ms': 15_000,
    })
  })

  it('leads through the proxy of the configuration, and through no other', () => {
    const endpoint = endpointOf({ url: 'https://chirpstack.plant', proxy: 'http://proxy.plant:3128' })
    expect(endpoint.target).toBe('proxy.plant:3128')
    expect(endpoint.options).toMatchObject({
      'grpc.enable_http_proxy': 0,
      'grpc.http_connect_target': 'dns:chirpstack.plant:443',
      'grpc.default_authority': 'chirpstack.plant:443',
    })
  })

  it.each([
    [undefined, 1],
    ['environment', 1],
    ['none', 0],
  ])('with proxy %s obeys the proxies of the environment: %i', (proxy, obeys) => {
    const { options, target } = endpointOf({ url: 'http://host:8080', proxy })
    expect(target).toBe('host:8080')
    expect(options['grpc.enable_http_proxy']).toBe(obeys)
  })

  it('asks for the server by the name that the configuration gives it', () => {
    const tls = { ca: undefined, client: undefined, serverName: 'chirpstack.plant' }
    expect(endpointOf({ url: 'https://10.0.0.5', tls }).options).toMatchObject({
      'grpc.ssl_target_name_override': 'chirpstack.plant',
      'grpc.default_authority': 'chirpstack.plant:443',
    })
  })

  it('is refused where a certificate authority is none', () => {
    const tls = { ca: ['no certificate'], client: { certificate: 'none', key: 'none' }, serverName: undefined }
    expect(() => endpointOf({ url: 'https://host', tls })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})

describe('the API key', () => {
  it('is sent as ChirpStack wants it, without the line end of the file it came from', () => {
    expect(authorization('abc.def.ghi\n', 'KEY').get('authorization')).toEqual(['Bearer abc.def.ghi'])
  })

  it.each(['', '  ', 'two words', 'caf\u00e9', 'line\nline'])('%j is refused, without being repeated', (key) => {
    const refused = { code: 'CONFIG_INVALID', message: expect.stringContaining('KEY_ENV') }
    expect(() => authorization(key, 'KEY_ENV')).toThrow(expect.objectContaining(refused))
    if (key.trim() !== '') expect(() => authorization(key, 'KEY_ENV')).not.toThrow(new RegExp(key))
  })
})
