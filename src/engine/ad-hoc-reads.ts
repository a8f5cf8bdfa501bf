import type { Clock } from '../core/clock.ts'
import type { IdentityAnswer, ReadAnswer, ReadProblem, WantedIdentity, WantedReading } from '../core/diagnostics.ts'
import { PenstockError } from '../core/errors.ts'
import type { Plant } from '../core/plant.ts'
import { formatProblem } from '../core/problem.ts'
import type { LineLane } from '../sources/line-lane.ts'
import { reportOf } from '../sources/one-reading.ts'
import type { SourceSupervisor, SourceTypes } from '../sources/supervisor.ts'
import { aloneOn, type FieldDevice, type FieldSource, wantedTag } from '../sources/wanted-tag.ts'

export interface AdHocReadsParts {
  readonly plant: () => Plant
  readonly types: SourceTypes
  readonly sources: Pick<SourceSupervisor, 'laneOf' | 'frames'>
  readonly clock: Clock
}

/** Other requests may be under way at the same time. */
const MOST_FRAMES = 8

/** Asks devices for single addresses, and what they are, over the connections that are polled, between two polls; one at a time a source. */
export class AdHocReads {
  readonly #parts: AdHocReadsParts
  readonly #busy = new Set<string>()

  constructor(parts: AdHocReadsParts) {
    this.#parts = parts
  }

  /** Never rejects for what is asked, nor for what the device does: the answer says it in words. */
  async read(wanted: WantedReading): Promise<ReadAnswer> {
    const place = this.#placeOf(wanted)
    if ('problem' in place) return place
    const { source, device } = place
    const { tag, problems } = wantedTag(this.#parts.types, source, device, wanted)
    if (problems.length > 0) return problem('invalid', problems.map(formatProblem).join(' '))
    const { sources } = this.#parts
    return this.#alone(source, async (lane) => {
      const before = sources.frames(source.key, 0)?.frames.at(-1)?.number ?? 0
      const report = reportOf(tag, await lane.read(aloneOn(source, device, tag)))
      const frames = sources.frames(source.key, before)?.frames.slice(-MOST_FRAMES)
      return frames ? { ...report, frames } : report
    })
  }

  /** What a device says of itself; as `read`. */
  async identify(wanted: WantedIdentity): Promise<IdentityAnswer> {
    const place = this.#placeOf(wanted)
    if ('problem' in place) return place
    const { source, device } = place
    const from = this.#parts.clock.monotonic()
    return this.#alone(source, async (lane) => {
      const identity = await lane.identify(device)
      return { device: device.key, ...identity, ms: Number((this.#parts.clock.monotonic() - from).toFixed(1)) }
    })
  }

  #placeOf({ source: key, device }: WantedIdentity): { source: FieldSource; device: FieldDevice } | ReadProblem {
    const source = this.#parts.plant().sources.find((each) => each.key === key)
    if (!source) return problem('unknown', `There is no source with the key "${key}".`)
    if (source.kind !== 'modbus' && source.kind !== 's7') {
      return problem('invalid', `The source "${source.key}" is not polled: only Modbus and S7 devices are asked.`)
    }
    const found = deviceOf(source, device)
    return 'problem' in found ? found : { source, device: found }
  }

  async #alone<T>({ key }: FieldSource, ask: (lane: LineLane) => Promise<T>): Promise<T | ReadProblem> {
    const lane = this.#parts.sources.laneOf(key)
    if (!lane) return problem('unconnected', `The source "${key}" does not run just now; its health says why.`)
    if (this.#busy.has(key)) {
      return problem('busy', `Something is being asked of "${key}" already, one thing at a time; ask again.`)
    }
    this.#busy.add(key)
    try {
      return await ask(lane)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      return problem(KIND_OF[error.code] ?? 'unconnected', error.message)
    } finally {
      this.#busy.delete(key)
    }
  }
}

const KIND_OF: Readonly<Partial<Record<PenstockError['code'], ReadProblem['problem']>>> = {
  CONFIG_INVALID: 'invalid',
  TIMEOUT: 'unanswered',
  PROTOCOL_VIOLATION: 'unanswered',
  REQUEST_REFUSED: 'refused',
}

const problem = (kind: ReadProblem['problem'], words: string): ReadProblem => ({ problem: kind, error: words })

/** The device of this key, or the only one there is. */
function deviceOf(source: FieldSource, key: string | undefined): FieldDevice | ReadProblem {
  const devices: readonly FieldDevice[] = source.devices
  const [only] = devices
  if (key === undefined && only && devices.length === 1) return only
  const keys = devices.map((each) => each.key).join(', ') || 'none'
  if (key === undefined) return problem('invalid', `Say which device of "${source.key}" is meant; there are: ${keys}.`)
  const found = devices.find((each) => each.key === key)
  return found ?? problem('unknown', `The source "${source.key}" has no device "${key}"; there are: ${keys}.`)
}
