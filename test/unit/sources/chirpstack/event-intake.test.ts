import { describe, expect, it } from 'vitest'
import { EventIntake } from '../../../../src/sources/chirpstack/event-intake.ts'
import { EventContext } from '../../../support/chirpstack-context.ts'
import { chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../../../support/chirpstack-plant.ts'
import { DeviceMemories } from '../../../support/device-memories.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const EUI = 'a81758fffe0a1001'

/** What ChirpStack keeps of a device's events, and the runs of a gateway that take them. */
function aDevice() {
  const clock = new ManualClock()
  const disk = new DeviceMemories()
  const log: { id: string; time: number; description: string; body: string }[] = []
  let sequence = 0
  const happen = (description: string, fields: object, time = clock.now(), deduplicationId = `id-${sequence}`) => {
    const body = { time: new Date(time).toISOString(), deduplicationId, devAddr: '01aaaaaa', ...fields }
    log.push({ id: `${clock.now()}-${sequence++}`, time: clock.now(), description, body: JSON.stringify(body) })
  }
  const run = (memory = disk, devEui = EUI) => {
    const [device] = loraDevicesOf(chirpStackConfig([loraDevice('hall', devEui, [loraTag('t', 'object.t')])]))
    const context = new EventContext(clock, device!.tags, memory)
    const intake = new EventIntake(device!, context)
    const replay = () => log.map((item) => intake.take(item))
    const counted = () => (['events', 'late', 'duplicates'] as const).map((counter) => context.counted(counter))
    return { context, intake, replay, counted, lost: () => context.lost.get('hall') }
  }
  const uplink = (fCnt: number, time = clock.now()) => happen('up', { fCnt, object: { t: fCnt } }, time)
  return { clock, disk, happen, uplink, run }
}

describe('after a restart', () => {
  it('a replay brings what is new, and says again what was known without counting it', () => {
    const { uplink, run, clock } = aDevice()
    for (let n = 0; n < 3; n++) uplink(n, clock.now() - 100 + n)
    run().replay()
    uplink(3, clock.now() - 50)
    const { context, replay, counted, intake } = run()
    expect(replay().filter((time) => time !== undefined)).toHaveLength(4)
    expect(context.sink.values('hall/t')).toEqual([0, 1, 2, 3])
    expect(counted()).toEqual([1, 0, 3])
    expect(intake.lastSpoke).toBe(clock.now() - 50)
    expect(replay().filter((time) => time !== undefined)).toHaveLength(0)
    expect(context.sink.values('hall/t')).toHaveLength(4)
    expect(counted()).toEqual([1, 0, 7])
  })

  it('an event with a time in the future has, each time, the time at which ChirpStack wrote it', async () => {
    const { uplink, run, clock } = aDevice()
    const began = clock.now()
    for (let n = 0; n < 3; n++) {
      uplink(n, began + 3_600_000)
      await clock.advance(1)
    }
    const times = ({ context }: ReturnType<typeof run>) => context.sink.told.map(({ time }) => time)
    const first = run()
    first.replay()
    expect(times(first)).toEqual([0, 1, 2].map((n) => began + n))
    await clock.advance(7_200_000)
    const second = run()
    second.replay()
    expect(times(second)).toEqual(times(first))
  })

  it('with a memory of another device, of another shape, or none that can be read, it begins anew', () => {
    const { uplink, run, disk } = aDevice()
    uplink(0)
    run().replay()
    expect(run(disk, 'a81758fffe0a1002').replay()[0]).toBeDefined()
    for (const text of ['{', 'null', '{"shape":0}', '[]']) {
      disk.kept.set('hall', text)
      const { replay, counted } = run(disk)
      replay()
      expect(counted()).toEqual([1, 0, 0])
    }
  })
})

describe('missing uplinks', () => {
  it('are counted by the frame counter, survive a restart, and are fewer when one comes late', () => {
    const { uplink, run, clock } = aDevice()
    uplink(1, clock.now() - 40)
    uplink(5, clock.now() - 30)
    const first = run()
    expect(first.lost()).toBeUndefined()
    first.replay()
    expect(first.lost()).toBe(3)
    const second = run()
    expect(second.lost()).toBe(3)
    uplink(3, clock.now() - 35)
    second.replay()
    expect(second.lost()).toBe(2)
    expect(run().lost()).toBe(2)
  })

  it('of a device that joins again are those of both sessions', () => {
    const { uplink, happen, run, clock } = aDevice()
    uplink(1, clock.now() - 40)
    uplink(3, clock.now() - 30)
    happen('join', { devAddr: '01bbbbbb' }, clock.now() - 20)
    happen('up', { devAddr: '01bbbbbb', fCnt: 2 }, clock.now() - 10)
    const { replay, lost } = run()
    replay()
    expect(lost()).toBe(1 + 2)
  })

  it('are those too that ChirpStack refuses, and the device says why until it is heard again', () => {
    const { uplink, happen, run } = aDevice()
    uplink(100)
    const device = run()
    device.replay()
    happen('log', {
      code: 'UPLINK_F_CNT_RESET',
      level: 'WARNING',
      description: 'Frame-counter reset or rollover detected',
    })
    device.replay()
    expect(device.lost()).toBe(1)
    expect(device.intake.fault).toContain('frame counter began anew')
    happen('join', { devAddr: '01bbbbbb' })
    device.replay()
    expect(device.intake.fault).toBe('')
  })
})
