import type { AlarmName } from '../core/alarm.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Check } from '../http/checks.ts'
import type { EngineHealth } from '../link/contract.ts'
import type { RoomName } from '../rooms/gateway.ts'
import type { RoomHealth } from '../rooms/room.ts'
import type { AlarmBook } from './alarm-book.ts'
import type { SafeModeState } from './safe-mode.ts'

/** What the alarms are made of. */
export interface Figures {
  readonly checks: readonly Check[]
  readonly rooms: Readonly<Record<RoomName, RoomHealth>>
  readonly engine: Pick<EngineHealth, 'commands'> | null
  readonly safeMode: SafeModeState | null
  /** Bytes of the process, and what it may have; null: as much as it needs. */
  readonly memory: { readonly used: number; readonly limit: number | null }
}

const TICK: Milliseconds = 1_000
const LOOK_EVERY_TICKS = 5
/** A tick so much too late: the thread stood still. As long as the other rooms wait before they say so. */
const BLOCKED_AFTER: Milliseconds = 3_000
/** A clock that runs apart from the monotonic one by more, within a tick, was set. */
const JUMP: Milliseconds = 2_000
/** For how long what was over at once is shown. */
const SHOWN_FOR: Milliseconds = 10 * 60_000
/** Deaths of a room in a row that are no accident any more. */
const UNSTABLE_AFTER = 3

/** When an alarm of a share begins, and when it is over: it does not come and go at one border. */
const MEMORY = { begins: 0.85, ends: 0.8 }
const HEAP = { begins: 0.7, ends: 0.6 }
const QUEUE = { begins: 0.8, ends: 0.6 }

/** Looks at the gateway from the main thread, and says in the book what is wrong. */
export class AlarmWatch {
  readonly #book: AlarmBook
  readonly #figures: () => Promise<Figures>
  readonly #clock: Clock
  readonly #log: Logger
  #ticks = 0
  #last = { now: 0, monotonic: 0 }
  #looking = false
  #shownUntil = new Map<AlarmName, Milliseconds>()
  readonly #onLooked: (() => void) | undefined
  #end: (() => void) | undefined

  /** `onLooked` is called when the book says what was seen last. */
  constructor(parts: {
    book: AlarmBook
    figures: () => Promise<Figures>
    clock: Clock
    log: Logger
    onLooked?: () => void
  }) {
    this.#book = parts.book
    this.#figures = parts.figures
    this.#onLooked = parts.onLooked
    this.#clock = parts.clock
    this.#log = parts.log
  }

  start(): void {
    this.#last = { now: this.#clock.now(), monotonic: this.#clock.monotonic() }
    this.#end = this.#clock.every(TICK, () => this.#tick())
    void this.look()
  }

  stop(): void {
    this.#end?.()
  }

  #tick(): void {
    const now = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    const passed = monotonic - this.#last.monotonic
    const jumped = now - this.#last.now - passed
    this.#last = { now, monotonic }
    if (passed - TICK >= BLOCKED_AFTER) {
      this.#show(
        'main-blocked',
        `The main thread stood still for ${inSeconds(passed)}: see what else the machine does.`,
      )
    }
    if (Math.abs(jumped) >= JUMP) {
      const way = jumped > 0 ? 'forward' : 'back'
      const text =
        `The clock of the machine was set ${way} by ${inSeconds(Math.abs(jumped))}: times of values before and after do ` +
        'not fit together. Keep it right with NTP.'
      this.#show('clock-jump', text)
    }
    for (const [name, until] of this.#shownUntil) {
      if (monotonic < until) continue
      this.#shownUntil.delete(name)
      this.#book.say(name, '')
    }
    this.#ticks++
    if (this.#ticks % LOOK_EVERY_TICKS === 0) void this.look()
  }

  #show(name: AlarmName, text: string): void {
    this.#shownUntil.set(name, this.#clock.monotonic() + SHOWN_FOR)
    this.#book.say(name, text)
  }

  /** Looks now; never rejects. */
  async look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      this.#judge(await this.#figures())
      this.#onLooked?.()
    } catch (error) {
      this.#log.error({ cause: describeError(error) }, 'It cannot be seen which alarms the gateway has')
    } finally {
      this.#looking = false
    }
  }

  #judge({ checks, rooms, engine, safeMode, memory }: Figures): void {
    for (const name of ['disk', 'store', 'history', 'postgres', 'certificates', 'backup'] as const) {
      const check = checks.find((each) => each.name === name)
      // Of what nobody can say just now, nothing has changed.
      if (check?.state !== 'unknown') this.#book.say(name, check?.reason ?? '')
    }
    this.#book.say('safe-mode', safeMode?.reason ?? '')
    this.#judgeRoom('engine', rooms.engine)
    this.#judgeRoom('opcua', rooms.opcua)
    if (memory.limit !== null) {
      const share = memory.used / memory.limit
      const text =
        `The gateway has ${inMegabytes(memory.used)} of the ${inMegabytes(memory.limit)} of memory that it may have: ` +
        'give it more, or look in the health (/) at what takes it.'
      this.#judgeShare('memory', share, MEMORY, text)
    }
    if (!engine) return
    const { waiting, limit } = engine.commands
    const text =
      `${waiting} of at most ${limit} commands wait to be sent (commands.totalQueueLength): see with penstock commands ` +
      'which devices do not take them.'
    this.#judgeShare('command-queue', waiting / limit, QUEUE, text)
  }

  #judgeRoom(room: RoomName, { silent, failures, heapShare, lastRestart }: RoomHealth): void {
    const blocked = `The event loop of ${inWords[room]} does not turn; it is ended and started again if that goes on.`
    this.#book.say(`${room}-blocked`, silent ? blocked : '')
    const unstable = `${capital(inWords[room])} ended ${failures} times in a row; the last time because: ${lastRestart}`
    this.#book.say(`${room}-unstable`, failures >= UNSTABLE_AFTER ? unstable : '')
    const text = `The heap of ${inWords[room]} is ${Math.round(heapShare * 100)} % full; at 85 % it is started again.`
    this.#judgeShare(`${room}-memory`, heapShare, HEAP, text)
  }

  #judgeShare(name: AlarmName, share: number, { begins, ends }: typeof MEMORY, text: string): void {
    const border = this.#book.lasts(name) ? ends : begins
    this.#book.say(name, share >= border ? text : '')
  }
}

const inWords: Readonly<Record<RoomName, string>> = { engine: 'the engine', opcua: 'the OPC UA server' }
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const inSeconds = (duration: Milliseconds): string => `${Math.round(duration / 1_000)} s`
const inMegabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`
