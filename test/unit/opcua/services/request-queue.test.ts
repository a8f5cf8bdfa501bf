import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RequestQueue } from '../../../../src/opcua/services/request-queue.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** A queue where each answer takes `took` milliseconds. */
function queue(took: number) {
  const clock = new ManualClock()
  const requests = new RequestQueue<{ name: string }>({ ...clockOf(clock), monotonic: () => now })
  let now = 0
  const answered: string[] = []
  const ask = (channel: { name: string }, what: string) =>
    requests.admit(channel, () => {
      now += took
      answered.push(what)
    })
  return { requests, answered, ask }
}

const clockOf = (clock: ManualClock) => ({
  now: () => clock.now(),
  after: clock.after.bind(clock),
  every: clock.every.bind(clock),
})

const [one, other] = [{ name: 'one' }, { name: 'other' }]

async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn()
}

describe('requests that come together', () => {
  it('are answered at once while there is time', () => {
    const { answered, ask } = queue(1)
    for (const what of ['a', 'b', 'c']) ask(one, what)

    expect(answered).toEqual(['a', 'b', 'c'])
  })

  it('wait when the turn has taken long, and are then answered by turns, each channel in its order', async () => {
    const { answered, ask } = queue(10)
    for (let number = 1; number <= 6; number++) ask(one, `one ${number}`)
    for (let number = 1; number <= 2; number++) ask(other, `other ${number}`)
    expect(answered).toEqual(['one 1', 'one 2'])

    await settle()

    expect(answered).toEqual(['one 1', 'one 2', 'one 3', 'other 1', 'one 4', 'other 2', 'one 5', 'one 6'])
  })

  it('are refused when a channel has a thousand that wait, and only its', () => {
    const { ask } = queue(100)
    ask(one, 'first')
    const admitted = Array.from({ length: 1_002 }, (_none, number) => ask(one, `${number}`))

    expect(admitted.filter((isAdmitted) => isAdmitted)).toHaveLength(1_000)
    expect(ask(other, 'other')).toBe(true)
  })

  it('of a channel that is closed are forgotten', async () => {
    const { requests, answered, ask } = queue(100)
    for (const what of ['a', 'b', 'c']) ask(one, what)

    requests.drop(one)
    await settle()

    expect(answered).toEqual(['a'])
  })
})
