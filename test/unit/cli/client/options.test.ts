import { describe, expect, it } from 'vitest'
import { clientOptions } from '../../../../src/cli/client/options.ts'

describe('the options of the client commands', () => {
  it('are an encrypted channel to the gateway on this machine unless said otherwise', () => {
    expect(clientOptions({}, {})).toMatchObject({
      endpoint: 'opc.tcp://localhost:4840/penstock',
      mode: 'SignAndEncrypt',
      policy: 'Basic256Sha256',
      user: undefined,
      json: false,
    })
  })

  it('take user and password from the environment, and a flag wins', () => {
    const env = { PENSTOCK_USER: 'olga', PENSTOCK_PASSWORD: 'from-env' }

    expect(clientOptions({}, env)).toMatchObject({ user: 'olga', password: 'from-env' })
    expect(clientOptions({ user: 'emil', password: 'given' }, env)).toMatchObject({ user: 'emil', password: 'given' })
  })

  it('without encryption mean no policy either', () => {
    expect(clientOptions({ mode: 'none' }, {})).toMatchObject({ mode: 'None', policy: 'None' })
  })

  it.each([
    [{ mode: 'None', user: 'olga', password: 'given' }, {}],
    [{ mode: 'None' }, { PENSTOCK_USER: 'olga', PENSTOCK_PASSWORD: 'from-env' }],
  ])('give no password to a server that proves nothing: %o %o', (flags, env) => {
    expect(() => clientOptions(flags, env)).toThrow(expect.objectContaining({ exitCode: 2 }))
    expect(() => clientOptions(flags, env)).not.toThrow(/given|from-env/)
  })

  it.each([
    [{ mode: 'Encrypt' }, /--mode Encrypt is not one of None, Sign, SignAndEncrypt/],
    [{ policy: 'Basic256' }, /--policy Basic256 is not one of/],
    [{ policy: 'None' }, /exclude each other/],
    [{ endpoint: 'http://gateway:4840' }, /is not an OPC UA address/],
  ])('that make no sense are refused with what is allowed: %o', (flags, message) => {
    expect(() => clientOptions(flags, {})).toThrow(expect.objectContaining({ exitCode: 2 }))
    expect(() => clientOptions(flags, {})).toThrow(message)
  })
})
