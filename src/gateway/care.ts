import type { Alarm } from '../core/alarm.ts'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { checksOf } from '../http/checks.ts'
import type { GatewayHealth } from '../http/gateway-health.ts'
import type { Rooms } from '../rooms/gateway.ts'
import type { AuditLog } from '../store/audit.ts'
import { CRASHES, CRASHES_WITHIN, StartBook } from '../store/start-book.ts'
import { AlarmBook } from './alarm-book.ts'
import { AlarmWatch } from './alarm-watch.ts'
import { type Events, EventWatch } from './event-watch.ts'
import { SafeMode } from './safe-mode.ts'
import { memoryLimit } from './support/facts.ts'

/** `auto`: after a crash loop. Absent: starts are not counted. */
export type SafeModeChoice = 'auto' | 'on' | 'off' | undefined

export interface CareParts {
  readonly dataFolder: string
  readonly choice: SafeModeChoice
  readonly rooms: Pick<Rooms, 'holdSources' | 'releaseSources' | 'states' | 'tellAlarm'>
  readonly health: () => Promise<GatewayHealth>
  readonly clock: Clock
  readonly log: Logger
}

/** Looks after the gateway itself: how often it starts, whether its sources may run, and what is wrong with it. */
export class Care {
  readonly #parts: CareParts
  readonly #safeMode: SafeMode
  readonly #starts: StartBook
  readonly #alarms: AlarmBook
  readonly #watch: AlarmWatch
  #events: EventWatch | undefined
  #seen: GatewayHealth | undefined

  constructor(parts: CareParts) {
    this.#parts = parts
    const { clock, log, dataFolder, rooms } = parts
    this.#safeMode = new SafeMode(clock, log)
    this.#starts = new StartBook({ dataFolder, clock, log })
    this.#alarms = new AlarmBook({ clock, log, onChange: (alarm) => this.#tell(alarm) })
    const figures = async () => {
      this.#seen = await parts.health()
      const { checks, engine } = this.#seen
      const { rss: used } = process.memoryUsage()
      const memory = { used, limit: memoryLimit() }
      return { checks, engine, rooms: rooms.states(), safeMode: this.#safeMode.state, memory }
    }
    const onLooked = () => {
      if (this.#seen) this.#events?.look(this.#seen, this.#alarms.list())
    }
    this.#watch = new AlarmWatch({ book: this.#alarms, figures, clock, log, onLooked })
  }

  /** Before the rooms start, once the data folder is this process's own: decides whether sources may begin. */
  begin(): void {
    const { choice, rooms } = this.#parts
    const crashes = choice === undefined ? 0 : this.#starts.begin()
    if (choice === 'on') this.#safeMode.enter('It was started so (--safe-mode).')
    else if (choice === 'auto' && crashes >= CRASHES) {
      const within = CRASHES_WITHIN / 60_000
      this.#safeMode.enter(
        `${crashes} starts within ${within} minutes came to no proper end: the gateway crashes again and again.`,
      )
    }
    if (this.#safeMode.state) rooms.holdSources()
  }

  /** `version`: of the program that was started. */
  start(events: Events, version: string): void {
    const { clock, log } = this.#parts
    this.#events = new EventWatch({ events, clock, log })
    this.#events.begin(version)
    this.#watch.start()
  }

  /** The engine cannot stay up: from its next start on it has no sources, which are what differs from plant to plant. */
  engineUnstable(cause: string): void {
    const { choice, rooms } = this.#parts
    if (choice === 'off') return
    this.#safeMode.enter(`The engine ended again and again, the last time because: ${cause}.`)
    rooms.holdSources()
  }

  /** False: it is not in safe mode. Resolves when sources have begun, or will with the engine. */
  async leaveSafeMode(by: Actor, audit: AuditLog): Promise<boolean> {
    if (!this.#safeMode.leave()) return false
    const { choice, rooms, clock, log } = this.#parts
    audit.append({ at: clock.now(), by, action: 'safe-mode.leave', subject: 'gateway', outcome: 'done' })
    if (choice !== undefined) this.#starts.settle()
    try {
      await rooms.releaseSources()
    } catch (error) {
      log.warn({ cause: describeError(error) }, 'Sources begin as soon as the engine answers again')
    }
    void this.#watch.look()
    return true
  }

  /** What is known of the parts, with what it means. */
  judged(known: Omit<GatewayHealth, 'checks' | 'alarms' | 'safeMode'>): GatewayHealth {
    const safeMode = this.#safeMode.state
    const health = { ...known, ready: known.ready && safeMode === null, safeMode, alarms: this.#alarms.list() }
    return { ...health, checks: checksOf(health) }
  }

  /** This start came to a proper end, or to a refusal that says why. */
  stop(): void {
    this.#watch.stop()
    if (this.#parts.choice !== undefined) this.#starts.settle()
  }

  /** The OPC UA server notices by itself when this thread stands still, and has told of it already. */
  #tell(alarm: Alarm): void {
    if (alarm.name !== 'main-blocked') this.#parts.rooms.tellAlarm(alarm)
  }
}
