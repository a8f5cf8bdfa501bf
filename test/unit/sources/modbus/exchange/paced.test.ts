import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../../src/core/errors.ts'
import type { Question } from '../../../../../src/sources/modbus/exchange/exchange.ts'
import { PacedExchange } from '../../../../../src/sources/modbus/exchange/paced.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const request = { unitId: 1, functionCode: 3, dataBytes: 2 }

describe('a pause between requests', () => {
  const begin = () => {
    const clock = new ManualClock()
    const asked: Question[] = []
    const outcomes: (string | undefined)[] = []
    let end: (cause: PenstockError) => void = () => undefined
    const paced = new PacedExchange({
      make: (onEnd) => {
        end = onEnd
        return { ask: (question) => void asked.push(question), end: async (cause) => onEnd(cause) }
      },
      clock,
      gapMs: 50,
      onEnd: (cause) => outcomes.push(`ended ${cause.code}`),
    })
    const ask = () =>
      paced.ask({
        request,
        adu: Buffer.of(1, 3, 0, 0, 0, 1),
        timeoutMs: 100,
        settle: (outcome) => outcomes.push(outcome instanceof PenstockError ? outcome.code : outcome.toString('hex')),
      })
    return { clock, asked, outcomes, paced, ask, end: (cause: PenstockError) => end(cause) }
  }

  it('begins when the one before is settled, and not before the first', async () => {
    const { clock, asked, ask } = begin()
    ask()
    expect(asked).toHaveLength(1)
    await clock.advance(70)
    asked[0]?.settle(Buffer.of(1))
    ask()
    await clock.advance(49)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(asked).toHaveLength(2)
  })

  it('ends at once, with what waits in it, when the connection goes', () => {
    const { clock, asked, outcomes, ask, end } = begin()
    ask()
    asked[0]?.settle(Buffer.of(7))
    ask()
    end(new PenstockError('CONNECTION_LOST', 'gone'))
    expect(outcomes).toEqual(['07', 'CONNECTION_LOST', 'ended CONNECTION_LOST'])
    expect(clock.pendingTimers).toBe(0)
  })
})
