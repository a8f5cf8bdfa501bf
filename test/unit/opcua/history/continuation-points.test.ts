import { expect, it } from 'vitest'
import {
  CONTINUATION_POINTS_PER_SESSION,
  ContinuationPoints,
} from '../../../../src/opcua/history/continuation-points.ts'

it('a session that never asks on cannot fill the memory: its oldest continuation point expires', () => {
  const points = new ContinuationPoints<number>()
  const [session, other] = [{}, {}]
  const kept = points.keep(other, { nodeId: 'n', position: -1 })
  const all = Array.from({ length: CONTINUATION_POINTS_PER_SESSION + 1 }, (_, position) =>
    points.keep(session, { nodeId: 'n', position }),
  )
  expect(points.find(session, 'n', all[0] as Buffer)).toBeUndefined()
  expect(points.find(session, 'n', all[1] as Buffer)).toBe(1)
  expect(points.find(session, 'n', all.at(-1) as Buffer)).toBe(CONTINUATION_POINTS_PER_SESSION)
  expect(points.find(other, 'n', kept)).toBe(-1)
})
