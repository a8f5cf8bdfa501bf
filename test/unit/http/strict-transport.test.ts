import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { strictTransport } from '../../../src/http/ui/security-headers.ts'

const own = {}
const given = { certificateFile: '/etc/penstock/web.pem' }

it.each<[string, boolean, string, object | undefined, boolean]>([
  ['a certificate of the plant', true, 'plant.example:8080', given, true],
  ['a certificate of our own, which a renewal may change', true, 'plant.example', own, false],
  ['this machine, whose other programs it would concern', true, 'localhost:8080', given, false],
  ['plain HTTP behind a proxy, which decides itself', false, 'plant.example', undefined, false],
])('browsers are told to come by TLS only, with %s: %s', (_what, encrypted, host, tls, isTold) => {
  const req = { socket: { encrypted } } as unknown as IncomingMessage
  expect(Object.keys(strictTransport({ req, host }, { tls }))).toEqual(isTold ? ['Strict-Transport-Security'] : [])
})
