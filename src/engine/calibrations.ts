import type { AuditEntry } from '../core/audit.ts'
import type { CalibrationReport, WantedCalibration } from '../core/calibration.ts'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { ReadProblem } from '../core/diagnostics.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ModbusDeviceConfig, ModbusSourceConfig, Plant } from '../core/plant.ts'
import { parseRange, rangesOfTags, rangeWords } from '../sources/modbus/calibration/known-ranges.ts'
import { findingsOf, proposedSettings } from '../sources/modbus/calibration/proposal.ts'
import type { SourceSupervisor } from '../sources/supervisor.ts'

export interface CalibrationsParts {
  readonly plant: () => Plant
  readonly sources: Pick<SourceSupervisor, 'setAside'>
  readonly audit: (entry: AuditEntry) => void
  readonly secret: (variable: string) => string | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

interface Job {
  report: CalibrationReport
  readonly abort: AbortController
}

interface Target {
  readonly source: ModbusSourceConfig
  readonly device: ModbusDeviceConfig
}

/**
 * Measures what devices of running Modbus sources bear, one at a time a source. The source is off its line meanwhile, since
 * its polls would be measured too and many devices take one connection only; it begins again whatever becomes of it. What
 * was found of each source last is kept until the engine ends.
 */
export class Calibrations {
  readonly #parts: CalibrationsParts
  readonly #jobs = new Map<string, Job>()

  constructor(parts: CalibrationsParts) {
    this.#parts = parts
  }

  /** Begins; never rejects for what is asked: the answer says it in words. */
  begin(wanted: WantedCalibration): CalibrationReport | ReadProblem {
    const target = this.#targetOf(wanted)
    if ('problem' in target) return target
    const { source, device } = target
    const ranges = wanted.ranges?.map((text) => parseRange(text, device)) ?? rangesOfTags(source, device)
    const wrong = ranges.filter((range) => typeof range === 'string')
    if (wrong.length > 0) return problem('invalid', `${wrong.join('. ')}.`)
    const known = ranges.filter((range) => typeof range !== 'string')
    if (known.length === 0) {
      const message = `The device "${device.key}" has no tags that say what exists there: give ranges, such as holding:0-99.`
      return problem('invalid', message)
    }
    if (this.#jobs.get(source.key)?.report.state === 'running') {
      return problem('busy', `A device of "${source.key}" is being calibrated already; wait for its end, or cancel it.`)
    }
    this.#forgetGone()
    const job: Job = { abort: new AbortController(), report: this.#first(wanted, target, known.map(rangeWords)) }
    const reason = `Off the line while "${device.key}" is calibrated, for about ${wanted.seconds} s at most; then it goes on by itself.`
    const work = () => this.#run(job, wanted, target, known)
    if (!this.#parts.sources.setAside({ config: source, reason, abort: job.abort, work })) {
      return problem('unconnected', `The source "${source.key}" does not run just now; its health says why.`)
    }
    this.#jobs.set(source.key, job)
    const { mostRequests, seconds } = wanted
    this.#note('calibration.begin', wanted.by, job, { ranges: job.report.ranges, mostRequests, seconds })
    return job.report
  }

  /** The one that runs, or the last one of the source; undefined: there was none since the engine began. */
  report(source: string): CalibrationReport | undefined {
    return this.#jobs.get(source)?.report
  }

  /** Ends it at once, also in the middle of a request; undefined: none runs. */
  cancel(source: string, by: Actor): CalibrationReport | undefined {
    const job = this.#jobs.get(source)
    if (job?.report.state !== 'running') return undefined
    if (!job.abort.signal.aborted) {
      job.abort.abort(`Cancelled by ${by.user}.`)
      this.#note('calibration.cancel', by, job, {})
    }
    return job.report
  }

  #targetOf({ source: key, device: wanted }: WantedCalibration): Target | ReadProblem {
    const source = this.#parts.plant().sources.find((each) => each.key === key)
    if (!source) return problem('unknown', `There is no source with the key "${key}".`)
    if (source.kind !== 'modbus') {
      return problem(
        'invalid',
        `Only Modbus devices are calibrated: "${key}" needs none, since the other end says what it bears.`,
      )
    }
    const { devices } = source
    const device =
      wanted === undefined && devices.length === 1 ? devices[0] : devices.find((each) => each.key === wanted)
    const keys = devices.map((each) => each.key).join(', ') || 'none'
    if (!device) {
      return wanted === undefined
        ? problem('invalid', `Say which device of "${key}" is meant; there are: ${keys}.`)
        : problem('unknown', `The source "${key}" has no device "${wanted}"; there are: ${keys}.`)
    }
    if (!source.disabled && !device.disabled) return { source, device }
    return problem(
      'invalid',
      `"${device.disabled ? device.key : key}" is disabled in the configuration; enable it first.`,
    )
  }

  #first({ by, mostRequests, seconds }: WantedCalibration, target: Target, ranges: string[]): CalibrationReport {
    const bounds = { ranges, mostRequests, seconds }
    const of = { source: target.source.key, device: target.device.key, by: by.user }
    const startedAt = this.#parts.clock.now()
    return { ...of, ...bounds, state: 'running', startedAt, requests: 0, steps: [], findings: [] }
  }

  /** Never rejects. */
  async #run(
    job: Job,
    { mostRequests, seconds, by }: WantedCalibration,
    { source, device }: Target,
    ranges: Exclude<ReturnType<typeof parseRange>, string>[],
  ): Promise<void> {
    const { secret, clock, random, log } = this.#parts
    const { signal } = job.abort
    const change = (more: Partial<CalibrationReport>) => {
      job.report = { ...job.report, ...more }
    }
    try {
      // Only whoever calibrates pays for it.
      const { measure } = await import('../sources/modbus/calibration/measure.ts')
      const say = (step: string) => change({ steps: [...job.report.steps, step] })
      const asked = () => change({ requests: job.report.requests + 1 })
      const bounds = { ranges, mostRequests, seconds, signal }
      const found = await measure({ source, device, ...bounds, secret, clock, random, say, asked })
      if (signal.aborted) change({ state: 'cancelled', reason: String(signal.reason) })
      else {
        const { endedBecause: reason } = found
        const results = { findings: findingsOf(found), proposal: proposedSettings(found, source) }
        change(reason === undefined ? { state: 'done', ...results } : { state: 'ended', reason, ...results })
      }
    } catch (error) {
      if (signal.aborted) change({ state: 'cancelled', reason: String(signal.reason) })
      else change({ state: 'failed', reason: describeError(error) })
    }
    change({ endedAt: clock.now() })
    const { state, requests, reason } = job.report
    log.info(
      { source: source.key, device: device.key, user: by.user, state, requests, reason },
      'a calibration has ended',
    )
    this.#note('calibration.end', by, job, { state, requests, ...(reason === undefined ? {} : { reason }) })
  }

  #note(action: string, by: Actor, { report }: Job, details: Readonly<Record<string, unknown>>): void {
    const outcome = report.state === 'failed' ? 'failed' : 'done'
    const subject = `${report.source}/${report.device}`
    this.#parts.audit({ at: this.#parts.clock.now(), by, action, subject, outcome, details })
  }

  /** Of sources that have left the plant nothing is kept. */
  #forgetGone(): void {
    const keys = new Set(this.#parts.plant().sources.map(({ key }) => key))
    for (const key of this.#jobs.keys()) if (!keys.has(key)) this.#jobs.delete(key)
  }
}

const problem = (kind: ReadProblem['problem'], words: string): ReadProblem => ({ problem: kind, error: words })
