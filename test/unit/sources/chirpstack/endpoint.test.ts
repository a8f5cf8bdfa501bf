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
    const endpoint = endpointOf(url)
    expect(endpoint.target).toBe(target)
    expect(endpoint.credentials._isSecure()).toBe(secure)
  })

  it.each(['', 'chirpstack:8080', 'ftp://host:1', 'http://host/api', 'http://me:secret@host', 'http://host?x'])(
    '%j is refused, without being repeated',
    (url) => {
      expect(() => endpointOf(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      expect(() => endpointOf(url)).not.toThrow(/secret/)
    },
  )
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
