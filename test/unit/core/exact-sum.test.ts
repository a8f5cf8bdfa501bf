import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ExactSum } from '../../../src/core/exact-sum.ts'

const sumOf = (values: readonly number[]): ExactSum => {
  const sum = new ExactSum()
  for (const value of values) sum.add(value)
  return sum
}
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const usual = finite.filter((value) => Math.abs(value) < 2 ** 960)

it('nothing is lost between great and small values', () => {
  expect(sumOf([1e100, 1, -1e100]).value).toBe(1)
  expect(sumOf(Array.from({ length: 10 }, () => 0.1)).value).toBe(1)
  // Half-way between two doubles, and a little more.
  expect(sumOf([1, 2 ** -53, 2 ** -106]).value).toBe(1 + 2 ** -52)
  expect(sumOf([]).value).toBe(0)
})

it('integers and fractions of two sum up as they do in integers', () => {
  const exact = fc.record({ n: fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }), scale: fc.nat({ max: 200 }) })
  fc.assert(
    fc.property(fc.array(exact), (list) => {
      const scaled = list.reduce((sum, { n, scale }) => sum + n * 2n ** BigInt(scale), 0n)
      const { value } = sumOf(list.map(({ n, scale }) => Number(n) * 2 ** scale))
      expect(value).toBe(Number(scaled))
    }),
  )
})

it('it is the same in whatever order and parts', () => {
  fc.assert(
    fc.property(fc.array(usual), fc.array(usual), (one, other) => {
      const parts = sumOf(one)
      parts.addParts(sumOf(other).parts ?? [])
      expect(parts.value).toBe(sumOf([...other, ...one].reverse()).value)
    }),
  )
})

it('values that are too great for it have no parts, and still a sum', () => {
  const sum = sumOf([Number.MAX_VALUE, 1, -Number.MAX_VALUE])
  expect([sum.parts, sum.value]).toEqual([undefined, 1])
})
