import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/data-type.ts'
import { orderOf, orderText } from '../../../src/core/stored-value.ts'

const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string(),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
)
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 5 }))

it('an order is the same after it was on disk, to the last digit and bit', () => {
  fc.assert(
    fc.property(value, (given) => {
      const order = { kind: 'write', tag: 't', value: given } as const
      expect(orderOf(orderText(order))).toStrictEqual(order)
    }),
  )
})

it('the order of arguments says nothing', () => {
  const one = { kind: 'command', command: 'c', arguments: { a: 1, b: 2n } } as const
  const other = { kind: 'command', command: 'c', arguments: { b: 2n, a: 1 } } as const
  expect(orderText(one)).toBe(orderText(other))
  expect(orderOf(orderText(one))).toStrictEqual(one)
})
