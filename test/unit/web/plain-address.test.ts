import { expect, it } from 'vitest'
import { plainAddress } from '../../../web/src/parts/plain-address.ts'

it.each([
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['10.0.0.7', '10.0.0.7'],
  ['::1', '::1'],
  ['fe80::ffff:1', 'fe80::ffff:1'],
])('shows a client at %s as %s', (address, shown) => {
  expect(plainAddress(address)).toBe(shown)
})
