import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { Room } from '../../src/rooms/room.ts'
import { type Misbehaviour, order } from '../support/misbehave.ts'

const rooms: Room[] = []
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.stop(1_000)
})

async function aRoom(maxHeapMb = 64) {
  const name = randomUUID()
  const room = new Room({
    name,
    entry: new URL('../support/obedient-room.ts', import.meta.url),
    data: { name },
    maxHeapMb,
    clock: systemClock,
    log: silentLogger,
    random: Math.random,
    onNewThread: () => undefined,
  })
  rooms.push(room)
  room.start()
  await room.running
  return { room, name }
}

const isBack = (room: Room, restarts: number) =>
  vi.waitFor(() => expect(room.health()).toMatchObject({ state: 'running', restarts }), { timeout: 30_000 })

describe('a room whose thread', () => {
  const ways: [string, Misbehaviour, RegExp][] = [
    ['throws', 'throw', /told to throw/],
    ['leaves a rejection unhandled', 'reject', /told to reject/],
    ['exits', 'exit', /exited with code 3/],
    ['hangs', 'hang', /event loop hung/],
    ['outgrows its heap', 'overfill', /heap/],
  ]
  it.each(ways)('%s is running again, and says why it was started again', async (_title, way, cause) => {
    const { room, name } = await aRoom()
    order(name, way)
    await isBack(room, 1)
    expect(room.health().lastRestart).toMatch(cause)
  })

  it('dies again and again is started again each time', async () => {
    const { room, name } = await aRoom()
    for (const restarts of [1, 2, 3]) {
      order(name, 'throw')
      await isBack(room, restarts)
    }
  })
})

it('a room that hangs is ended by a stop within the time it was given', async () => {
  const { room, name } = await aRoom()
  order(name, 'hang')
  await room.stop(200)
  expect(room.health()).toMatchObject({ state: 'stopped', restarts: 0 })
})

it('a stopped room is not started again', async () => {
  const { room } = await aRoom()
  await room.stop(1_000)
  expect(room.link).toBeUndefined()
  expect(room.health()).toMatchObject({ state: 'stopped', restarts: 0 })
})
