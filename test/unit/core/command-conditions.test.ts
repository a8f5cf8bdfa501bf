import { expect, it } from 'vitest'
import { conditionsOf } from '../../../src/core/command-conditions.ts'

const command = { key: 'heat', name: 'Heat', parameters: [] }

it('an operator reads under which conditions a command is done before it is asked for', () => {
  expect(conditionsOf(command)).toEqual([])
  const onlyWhen = [
    { tag: 'boiler/running', equals: true },
    { tag: 'boiler/level', above: 10, below: 90 },
  ]
  const full = { ...command, onlyWhen, expiresAfterMs: 5_400_000, minIntervalMs: 1_500, latestWins: true }
  expect(conditionsOf({ ...full, needsConfirmation: true })).toEqual([
    'Only when boiler/running is true.',
    'Only when boiler/level is above 10 and is below 90.',
    'It has to be confirmed that it is meant.',
    'At least 1500 ms after the one before; sooner it waits.',
    'It waits 90 min at most.',
    'A newer one takes the place of one that waits.',
  ])
})
