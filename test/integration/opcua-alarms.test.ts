import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { eventsOf } from '../support/opcua-events.ts'
import { nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

let room: RoomUnderTest
beforeAll(async () => {
  room = await startRoom()
})
afterAll(() => room.end())

it('an alarm of the gateway reaches every client as an event when it begins and when it is over', async () => {
  const { events } = await eventsOf(await room.session(), 'i=2253')
  const alarm = { name: 'disk', severity: 700, text: 'Only 12 MB are free', since: 1, until: null } as const
  room.room.showAlarm(alarm)
  room.room.showAlarm({ ...alarm, until: 2 })
  room.room.showMainSilent(true)
  room.room.showMainSilent(false)
  const gateway = { EventType: 'ns=0;i=2130', SourceNode: nodeId('#gateway') }
  const disk = { ...gateway, SourceName: 'Penstock/Alarms/disk' }
  const main = { ...gateway, SourceName: 'Penstock/Alarms/main-blocked' }
  await vi.waitFor(
    () =>
      expect(events).toEqual([
        expect.objectContaining({ ...disk, Severity: 700, Message: 'Only 12 MB are free' }),
        expect.objectContaining({ ...disk, Severity: 100, Message: 'It is over: Only 12 MB are free' }),
        expect.objectContaining({ ...main, Severity: 800 }),
        expect.objectContaining({ ...main, Severity: 100 }),
      ]),
    { timeout: 20_000 },
  )
})
