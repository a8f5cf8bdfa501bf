import type { ReadAnswer, ReadProblem, WantedReading } from '../core/diagnostics.ts'
import { PenstockError } from '../core/errors.ts'
import type { Plant } from '../core/plant.ts'
import { formatProblem } from '../core/problem.ts'
import { reportOf } from '../sources/one-reading.ts'
import type { SourceSupervisor, SourceTypes } from '../sources/supervisor.ts'
import { aloneOn, type FieldDevice, type FieldSource, wantedTag } from '../sources/wanted-tag.ts'

export interface AdHocReadsParts {
  readonly plant: () => Plant
  readonly types: SourceTypes
  readonly sources: Pick<SourceSupervisor, 'laneOf'>
}

/** Reads single addresses of devices over the connections that are polled, between two polls; one at a time a source. */
export class AdHocReads {
  readonly #parts: AdHocReadsParts
  readonly #busy = new Set<string>()

  constructor(parts: AdHocReadsParts) {
    this.#parts = parts
  }

  /** Never rejects for what is asked, nor for what the device does: the answer says it in words. */
  async read(wanted: WantedReading): Promise<ReadAnswer> {
    const { plant, types, sources } = this.#parts
    const source = plant().sources.find(({ key }) => key === wanted.source)
    if (!source) return problem('unknown', `There is no source with the key "${wanted.source}".`)
    if (source.kind !== 'modbus' && source.kind !== 's7') {
      return problem(
        'invalid',
        `The source "${source.key}" is not polled: only Modbus and S7 devices are read by address.`,
      )
    }
    const device = deviceOf(source, wanted.device)
    if ('problem' in device) return device
    const { tag, problems } = wantedTag(types, source, device, wanted)
    if (problems.length > 0) return problem('invalid', problems.map(formatProblem).join(' '))
    const lane = sources.laneOf(source.key)
    if (!lane) return problem('unconnected', `The source "${source.key}" does not run just now; its health says why.`)
    if (this.#busy.has(source.key)) {
      return problem(
        'busy',
        `An address of "${source.key}" is being read already, and one is read at a time; ask again.`,
      )
    }
    this.#busy.add(source.key)
    try {
      return reportOf(tag, await lane.read(aloneOn(source, device, tag)))
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      return problem(KIND_OF[error.code] ?? 'unconnected', error.message)
    } finally {
      this.#busy.delete(source.key)
    }
  }
}

const KIND_OF: Readonly<Partial<Record<PenstockError['code'], ReadProblem['problem']>>> = {
  CONFIG_INVALID: 'invalid',
  TIMEOUT: 'unanswered',
  PROTOCOL_VIOLATION: 'unanswered',
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
