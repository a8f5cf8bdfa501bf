import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Followed, GrpcSite } from '../support/grpc-site.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { UnreadCall } from '../support/unread-call.ts'
import type { UserName } from '../support/web-server.ts'

const meter = aModbusDevice('meter', [aTag('power'), aTag('text', { type: 'String' })])
const plant = aPlant([aModbusDevice('pump', [aTag('level'), aTag('flow')]), meter])

interface Sample {
  readonly value: { readonly doubleValue?: number; readonly stringValue?: string } | null
  readonly statusName: string
}

interface Live {
  readonly event: 'values' | 'plant' | 'sources' | 'engine' | 'gap' | 'beat'
  readonly cursor: string
  readonly values?: { readonly values: readonly { readonly tag: string; readonly sample: Sample }[] }
  readonly plant?: { readonly revision: string; readonly missingTags: readonly string[] }
  readonly engine?: { readonly heard: boolean }
  readonly gap?: { readonly reason: string; readonly since: object | null }
}

let site: GrpcSite
beforeEach(async () => {
  site = await GrpcSite.start({ plant })
})
afterEach(() => site.stop())

const follow = (request: object = {}, as: UserName = 'olga') =>
  site.client.follow<Live>('ValueService', 'StreamValues', request, as)
const heard = (stream: Followed<Live>) => stream.messages.flatMap(({ values }) => values?.values ?? [])
const lastOf = (stream: Followed<Live>, id: string) => heard(stream).findLast(({ tag }) => tag === id)?.sample
const cursorOf = (stream: Followed<Live>) => stream.messages.findLast(({ cursor }) => cursor !== '')?.cursor ?? ''
const gaps = (stream: Followed<Live>) => stream.messages.flatMap(({ gap }) => gap ?? [])
const until = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 8_000 })
const begun = (stream: Followed<Live>, tags: number) => until(() => expect(heard(stream)).toHaveLength(tags))

describe('a stream of values', () => {
  it('begins with every tag and how all is, and goes on with what changes', async () => {
    site.say('pump/level', 1)
    const stream = follow()
    await begun(stream, 4)
    expect(stream.messages.map(({ event }) => event)).toEqual(['plant', 'engine', 'sources', 'values'])
    expect(stream.messages.map(({ cursor }) => cursor === '')).toEqual([true, true, true, false])
    expect(lastOf(stream, 'pump/level')).toMatchObject({ value: { doubleValue: 1 }, statusName: 'Good' })
    site.say('pump/level', 2)
    await until(() => expect(lastOf(stream, 'pump/level')).toMatchObject({ value: { doubleValue: 2 } }))
    expect(heard(stream)).toHaveLength(5)
    expect(gaps(stream)).toEqual([])
  })

  it('tells of the tags that are selected, and names those that are not there until they are', async () => {
    const stream = follow({ selection: { devices: ['meter'], tags: ['pump/flow', 'pump/speed'] } })
    await begun(stream, 3)
    expect(stream.messages[0]?.plant?.missingTags).toEqual(['pump/speed'])
    site.say('pump/level', 5)
    site.say('pump/flow', 6)
    await until(() => expect(lastOf(stream, 'pump/flow')).toMatchObject({ value: { doubleValue: 6 } }))
    expect(lastOf(stream, 'pump/level')).toBeUndefined()
    await site.engine.changePlant(aPlant([aModbusDevice('pump', [aTag('flow'), aTag('speed')]), meter]))
    site.say('pump/speed', 1_450)
    await until(() => expect(lastOf(stream, 'pump/speed')).toMatchObject({ value: { doubleValue: 1_450 } }))
    expect(stream.messages.findLast(({ plant: changed }) => changed)?.plant?.missingTags).toEqual([])
  })

  it('has no values where only the state is wanted', async () => {
    const stream = follow({ withoutValues: true })
    await until(() => expect(stream.messages).toHaveLength(3))
    expect(cursorOf(stream)).not.toBe('')
    expect(heard(stream)).toEqual([])
  })

  it('goes on where a program was that was cut off, with what it missed and nothing else', async () => {
    const stream = follow()
    await begun(stream, 4)
    const cursor = cursorOf(stream)
    expect(await stream.close()).toMatchObject({ status: 'CANCELLED' })
    site.say('pump/flow', 77)
    const again = follow({ cursor })
    await until(() => expect(lastOf(again, 'pump/flow')).toMatchObject({ value: { doubleValue: 77 } }))
    expect(heard(again)).toHaveLength(1)
    expect(gaps(again)).toEqual([])
  })

  it('goes on where a read ended', async () => {
    const { cursor } = await site.client.ask<{ cursor: string }>('ValueService', 'ReadValues', {}, 'olga')
    site.say('pump/flow', 78)
    const stream = follow({ cursor })
    await until(() => expect(lastOf(stream, 'pump/flow')).toMatchObject({ value: { doubleValue: 78 } }))
    expect(heard(stream)).toHaveLength(1)
  })

  it('says that changes may be missing to a program whose cursor means nothing any more, and tells all anew', async () => {
    for (const cursor of ['AAAAAAAA:17', 'nonsense', ':::']) {
      const stream = follow({ cursor })
      await begun(stream, 4)
      expect(stream.messages[0]?.gap).toEqual({ reason: 'REASON_CURSOR_UNKNOWN', since: null })
      await stream.close()
    }
    expect(await follow({ cursor: 'x'.repeat(101) }).ended).toMatchObject({ status: 'INVALID_ARGUMENT' })
  })

  it('keeps the last values, Uncertain, while the engine is gone, and says what may be missing when it is back', async () => {
    site.say('pump/level', 3)
    const stream = follow()
    await until(() => expect(lastOf(stream, 'pump/level')).toMatchObject({ value: { doubleValue: 3 } }))
    const cursor = cursorOf(stream)
    site.engine.die()
    await until(() =>
      expect(lastOf(stream, 'pump/level')).toMatchObject({
        value: { doubleValue: 3 },
        statusName: 'UncertainNoCommunicationLastUsableValue',
      }),
    )
    expect(stream.messages.findLast(({ engine }) => engine)?.engine).toEqual({ heard: false })
    site.web.renewEngine()
    site.say('pump/level', 4)
    await until(() =>
      expect(lastOf(stream, 'pump/level')).toMatchObject({ value: { doubleValue: 4 }, statusName: 'Good' }),
    )
    expect(gaps(stream)).toEqual([{ reason: 'REASON_ENGINE_RESTARTED', since: expect.anything() }])
    expect(stream.messages.findLast(({ engine }) => engine)?.engine).toEqual({ heard: true })
    const again = follow({ cursor })
    await begun(again, 4)
    expect(gaps(again)).toMatchObject([{ reason: 'REASON_CURSOR_UNKNOWN' }])
  })

  it('ends at the deadline that the program gave', async () => {
    const deadline = new Date(Date.now() + 400)
    const stream = site.client.follow<Live>('ValueService', 'StreamValues', {}, 'olga', deadline)
    expect(await stream.ended).toMatchObject({ status: 'DEADLINE_EXCEEDED' })
  })

  it('is one of so many that a user may have, and another user may have his', async () => {
    const streams = Array.from({ length: 32 }, () => follow({ withoutValues: true }))
    await until(() => expect(streams.every(({ messages }) => messages.length > 0)).toBe(true))
    expect(await follow().ended).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      code: 'STREAMS_FULL',
      message: expect.stringContaining('olga has 32 streams'),
    })
    const other = follow({}, 'oscar')
    await begun(other, 4)
    await streams[0]?.close()
    await until(async () => {
      const stream = follow({ withoutValues: true })
      await Promise.race([stream.ended, until(() => expect(stream.messages.length).toBeGreaterThan(0))])
      expect(stream.messages).not.toEqual([])
    })
  })

  it('that a program does not take does not grow in the gateway: it gets the latest once it has room', async () => {
    const reader = new UnreadCall(site.address, 'StreamValues', { selection: { devices: ['meter'] } })
    const other = follow({ selection: { tags: ['pump/level'] } })
    await begun(other, 1)
    const rounds = 5
    for (let round = 1; round <= rounds; round++) {
      site.say('meter/text', `${'x'.repeat(200_000)}${round}`)
      site.say('pump/level', round)
      await until(() => expect(lastOf(other, 'pump/level')).toMatchObject({ value: { doubleValue: round } }))
    }
    const texts = () =>
      reader
        .read<Live>()
        .flatMap(({ values }) => values?.values ?? [])
        .flatMap(({ tag, sample }) => (tag === 'meter/text' && sample.value ? [sample.value.stringValue?.at(-1)] : []))
    await until(() => expect(texts().at(-1)).toBe(String(rounds)))
    expect(texts().length).toBeLessThan(rounds)
    reader.close()
  })
})

describe('a program that takes nothing any more', () => {
  it('is cut off after a minute', async () => {
    const clock = new ManualClock()
    const watched = await GrpcSite.start({ plant, clock })
    const reader = new UnreadCall(watched.address, 'StreamValues', {})
    watched.say('meter/text', 'x'.repeat(200_000))
    await until(async () => {
      await clock.advance(250)
      expect(reader.isBegun).toBe(true)
    })
    await until(async () => {
      await clock.advance(61_000)
      expect(reader.isOver).toBe(true)
    })
    await watched.stop()
  })
})
