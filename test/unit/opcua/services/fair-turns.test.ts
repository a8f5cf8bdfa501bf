import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FairTurns } from '../../../../src/opcua/services/fair-turns.ts'

async function until(done: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1_000 && !done(); turns++) await turn()
}

describe('long work of several clients', () => {
  it('goes on by turns, one slice each', async () => {
    const turns = new FairTurns()
    const slices: string[] = []
    const work = async (client: string) => {
      for (let slice = 0; slice < 3; slice++) {
        await turns.take()
        slices.push(client)
      }
    }

    await Promise.all([work('a'), work('b')])

    expect(slices).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
    await until(() => !turns.isBusy)
    expect(turns.isBusy).toBe(false)
  })

  it('leaves turns of the event loop to others between two slices', async () => {
    const turns = new FairTurns()
    let others = 0
    const other = async () => {
      for (;;) {
        await turn()
        others++
        if (others > 50) return
      }
    }
    void other()

    for (let slice = 0; slice < 10; slice++) await turns.take()

    expect(others).toBeGreaterThanOrEqual(10)
  })

  it('is begun by four at a time, and by the next when one is done', async () => {
    const turns = new FairTurns()
    const inside: number[] = []
    const enter = async (number: number) => {
      await turns.enter()
      inside.push(number)
    }
    for (let number = 1; number <= 6; number++) void enter(number)
    await turn()
    expect(inside).toEqual([1, 2, 3, 4])

    turns.leave()
    await turn()

    expect(inside).toEqual([1, 2, 3, 4, 5])
  })
})
