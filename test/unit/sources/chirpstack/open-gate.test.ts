import { describe, expect, it } from 'vitest'
import { OpenGate } from '../../../../src/sources/chirpstack/open-gate.ts'
import { settle } from '../../../support/manual-clock.ts'

const forever = new AbortController().signal

describe('the gate before a server that has just come back', () => {
  it('lets no more in than it has places, and the rest in their order', async () => {
    const gate = new OpenGate(2)
    const inside: number[] = []
    const leave: (() => void)[] = []
    for (const n of [1, 2, 3, 4]) {
      void gate.enter(forever).then((left) => {
        inside.push(n)
        if (left) leave.push(left)
      })
    }
    await settle()
    expect(inside).toEqual([1, 2])
    leave[1]?.()
    leave[1]?.()
    await settle()
    expect(inside).toEqual([1, 2, 3])
    leave[0]?.()
    await settle()
    expect(inside).toEqual([1, 2, 3, 4])
  })

  it('forgets whoever gives up waiting', async () => {
    const gate = new OpenGate(1)
    const leave = await gate.enter(forever)
    const abort = new AbortController()
    const impatient = gate.enter(abort.signal)
    const patient = gate.enter(forever)
    abort.abort()
    expect(await impatient).toBeUndefined()
    leave?.()
    expect(await patient).toBeTypeOf('function')
    expect(await gate.enter(abort.signal)).toBeUndefined()
  })
})
