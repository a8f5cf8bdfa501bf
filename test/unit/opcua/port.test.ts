import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitForPort } from '../../../src/opcua/port.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let other: Server
let port: number
let clock: ManualClock

beforeEach(async () => {
  clock = new ManualClock()
  other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  port = (other.address() as AddressInfo).port
})
afterEach(() => {
  other.close()
})

/** Lets the clock run until the wait has come to its end. */
async function ended(waiting: Promise<void>): Promise<'free' | Error> {
  let result: 'free' | Error | undefined
  waiting.then(
    () => {
      result = 'free'
    },
    (error: Error) => {
      result = error
    },
  )
  while (!result) await clock.advance(100)
  return result
}

describe('a port', () => {
  it('that becomes free is waited for', async () => {
    const waiting = waitForPort('127.0.0.1', port, clock)
    other.close()
    await once(other, 'close')

    expect(await ended(waiting)).toBe('free')
  })

  it('that another program keeps is given up, with words for the operator', async () => {
    expect(await ended(waitForPort('127.0.0.1', port, clock))).toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(`127.0.0.1:${port} (EADDRINUSE)`),
    })
  })

  it('on an address that this machine has not is given up at once', async () => {
    await expect(waitForPort('192.0.2.1', port, clock)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(clock.pendingTimers).toBe(0)
  })
})
