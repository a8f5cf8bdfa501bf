import { beforeEach, expect, it } from 'vitest'
import type { Condition } from '../../../src/core/gateway-event.ts'
import { EventWatch } from '../../../src/gateway/event-watch.ts'
import type { GatewayHealth } from '../../../src/http/gateway-health.ts'
import { aGatewayHealth, aSourceHealth, type SourceSaid } from '../../support/gateway-health.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

/** Keeps what lasts, as the book in the database does. */
class Book {
  lasting: readonly Condition[] = []
  fails = false

  show(conditions: readonly Condition[], isKnown: (of: Condition) => boolean): boolean {
    if (this.fails) throw new Error('the disk is full')
    const stays = this.lasting.filter((each) => !isKnown(each))
    this.lasting = [...stays, ...conditions]
    return true
  }

  happened(): void {
    this.show([], () => false)
  }
}

let book: Book
let watch: EventWatch
let logged: ReturnType<typeof recordingLogger>['logged']
beforeEach(() => {
  const recording = recordingLogger()
  logged = recording.logged
  book = new Book()
  watch = new EventWatch({ events: book, clock: new ManualClock(), log: recording.log })
})

const withSource = (said: Partial<SourceSaid>): GatewayHealth => {
  const health = aGatewayHealth()
  return { ...health, engine: health.engine && { ...health.engine, sources: [aSourceHealth('line', said)] } }
}
const devices = (offline: number, of = 30): SourceSaid['devices'] =>
  Array.from({ length: of }, (_, at) => ({
    key: `d${at}`,
    state: at < offline ? ('offline' as const) : ('online' as const),
    reason: at < offline ? 'It does not answer.' : '',
  }))
const said = () => book.lasting.map(({ kind, subject }) => `${kind} ${subject}`)

it('a source that is not connected and a device that does not answer last until they are well again', () => {
  watch.look(withSource({ state: 'backoff', reason: 'Nobody listens', since: 7, devices: devices(1, 2) }), [])
  expect(book.lasting).toMatchObject([
    { kind: 'source', subject: 'line', severity: 600, text: 'Nobody listens', since: 7 },
    { kind: 'device', subject: 'line/d0', text: 'It does not answer.' },
  ])
  watch.look(withSource({ devices: devices(0, 2) }), [])
  expect(said()).toEqual([])
})

it('what an engine said that does not answer just now has not ended, nor has an alarm that nobody can judge', () => {
  const disk = { name: 'certificates', severity: 500, text: 'One ends', since: 1, until: null } as const
  watch.look(withSource({ state: 'refused' }), [disk])
  watch.look(aGatewayHealth({ engine: null, opcua: null }), [])
  expect(said()).toEqual(['alarm certificates', 'source line'])
  watch.look(aGatewayHealth(), [{ ...disk, until: 2 }])
  expect(said()).toEqual([])
})

it('many devices that go at once are one event, beside those that were gone before', () => {
  watch.look(withSource({ devices: devices(2) }), [])
  watch.look(withSource({ devices: devices(30) }), [])
  expect(said()).toEqual(['device line/d0', 'device line/d1', 'devices line'])
  expect(book.lasting.at(-1)?.text).toMatch(/^28 devices .*: d2, d3, d4, d5, d6 and 23 others\. It does not answer\.$/)
  watch.look(withSource({ devices: devices(5) }), [])
  expect(said()).toEqual(['device line/d0', 'device line/d1', 'devices line'])
  watch.look(withSource({ devices: devices(2) }), [])
  expect(said()).toEqual(['device line/d0', 'device line/d1'])
})

it('a database that takes nothing is said once, and keeps nobody from looking', () => {
  book.fails = true
  watch.begin('1.0.0')
  watch.look(aGatewayHealth(), [])
  watch.look(aGatewayHealth(), [])
  expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1)
})
