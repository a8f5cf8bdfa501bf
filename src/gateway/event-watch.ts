import type { Alarm } from '../core/alarm.ts'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Condition } from '../core/gateway-event.ts'
import type { SourceHealth, SourceState } from '../core/health.ts'
import type { Logger } from '../core/logger.ts'
import type { GatewayHealth } from '../http/gateway-health.ts'

/** Devices of a source that go at once, beyond which they are one event: a gateway of LoRaWAN may have thousands. */
const MOST_AT_ONCE = 20
/** Of many devices, so many are named. */
const NAMED = 5

/** By how bad it is that a source is so; the other states are nothing to report. */
const severityOfState: Readonly<Partial<Record<SourceState, number>>> = { refused: 700, backoff: 600, degraded: 400 }
const SEVERITY_OF_DEVICE = 500
const SEVERITY_OF_START = 100

/** Where events are kept. */
export interface Events {
  readonly lasting: readonly Condition[]
  show(conditions: readonly Condition[], isKnown: (of: Condition) => boolean, now: number): boolean
  happened(condition: Condition): void
}

/** What the gateway reports, written down as it begins and as it is over. */
export class EventWatch {
  readonly #events: Events
  readonly #clock: Clock
  readonly #log: Logger
  #lastFailure = ''

  constructor(parts: { events: Events; clock: Clock; log: Logger }) {
    this.#events = parts.events
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** The gateway was started. */
  begin(version: string): void {
    const since = this.#clock.now()
    const text = `Penstock ${version} was started.`
    this.#try(() =>
      this.#events.happened({ kind: 'gateway', subject: 'start', severity: SEVERITY_OF_START, text, since }),
    )
  }

  /** It is as `health` says, of which alarms may be newer. Never throws: what keeps it from writing is in the log. */
  look({ engine, checks }: Pick<GatewayHealth, 'engine' | 'checks'>, alarms: readonly Alarm[]): void {
    const now = this.#clock.now()
    const sources = engine?.sources.flatMap((source) => conditionsOf(source, this.#events.lasting, now))
    const conditions = [...alarms.filter(({ until }) => until === null).map(ofAlarm), ...(sources ?? [])]
    // What a part of the gateway says that does not answer just now has neither begun nor ended.
    const unknown = new Set<string>(checks.filter(({ state }) => state === 'unknown').map(({ name }) => name))
    const isKnown = ({ kind, subject }: Condition) => (kind === 'alarm' ? !unknown.has(subject) : sources !== undefined)
    this.#try(() => this.#events.show(conditions, isKnown, now))
  }

  /** The same failure is said once, not with each look. */
  #try(write: () => unknown): void {
    try {
      write()
      this.#lastFailure = ''
    } catch (error) {
      const cause = describeError(error)
      if (cause !== this.#lastFailure) this.#log.error({ cause }, 'Events of the gateway cannot be written down')
      this.#lastFailure = cause
    }
  }
}

const ofAlarm = ({ name, severity, text, since }: Alarm): Condition => ({
  kind: 'alarm',
  subject: name,
  severity,
  text,
  since,
})

/** What is wrong with a source and its devices; `lasting`: what was before. */
function conditionsOf(source: SourceHealth, lasting: readonly Condition[], now: number): Condition[] {
  const severity = severityOfState[source.state]
  const ofSource: Condition[] =
    severity === undefined
      ? []
      : [{ kind: 'source', subject: source.key, severity, text: source.reason, since: source.since }]
  const subjectOf = (device: string) => `${source.key}/${device}`
  const alone = new Set(lasting.flatMap(({ kind, subject }) => (kind === 'device' ? [subject] : [])))
  const isTogether = lasting.some(({ kind, subject }) => kind === 'devices' && subject === source.key)
  const offline = source.devices.filter(({ state }) => state === 'offline')
  const fresh = offline.filter(({ key }) => !alone.has(subjectOf(key)))
  const together = isTogether || fresh.length > MOST_AT_ONCE ? fresh : []
  const each = together.length > 0 ? offline.filter((device) => !fresh.includes(device)) : offline
  return [
    ...ofSource,
    ...each.map(({ key, reason }): Condition => {
      return { kind: 'device', subject: subjectOf(key), severity: SEVERITY_OF_DEVICE, text: reason, since: now }
    }),
    ...(together.length > 0 ? [manyOf(source.key, together, now)] : []),
  ]
}

function manyOf(source: string, devices: SourceHealth['devices'], now: number): Condition {
  const named = devices.slice(0, NAMED).map(({ key }) => key)
  const others = devices.length > named.length ? ` and ${devices.length - named.length} others` : ''
  const text = `${devices.length} devices went at about the same time: ${named.join(', ')}${others}. ${devices[0]?.reason ?? ''}`
  return { kind: 'devices', subject: source, severity: SEVERITY_OF_DEVICE, text: text.trimEnd(), since: now }
}
