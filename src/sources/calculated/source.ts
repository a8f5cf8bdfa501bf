import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { CalculatedSourceConfig, DeviceBase } from '../../core/plant.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import type { TagReader } from '../../core/tag-values.ts'
import type { Source, SourceContext } from '../source.ts'
import { cycleFault, Formula } from './formula.ts'
import { inOrder } from './order.ts'
import { Run } from './run.ts'

/** Changes of inputs are collected this long, so that what is read together is calculated with together. */
const COLLECT_FOR: Milliseconds = 5
/** How often what depends on time alone is calculated anew. */
const AGE_EVERY: Milliseconds = 1_000
const FAULTS_SHOWN = 3

type Context = Pick<SourceContext, 'clock' | 'log' | 'sink' | 'values' | 'report'>

/**
 * Calculated tags: each is evaluated when something that it needs has changed, at most once in a round, and behind
 * whatever of the same source it needs. A tag that cannot be calculated harms no other, and heals with the plant.
 */
export class CalculatedSource implements Source, TagReader {
  readonly #config: Pick<CalculatedSourceConfig, 'disabled'>
  readonly #devices: readonly DeviceTags<DeviceBase>[]
  readonly #context: Context
  readonly #run: Run
  /** In an order in which each stands behind what it needs. */
  readonly #formulas: readonly Formula[]
  readonly #dependents = new Map<TagIndex, number[]>()
  /** By position in the order. */
  readonly #due: Uint8Array
  /** The position that is being evaluated; behind every position: none. */
  #at = Number.POSITIVE_INFINITY
  #cancelRound: (() => void) | undefined
  #ends: (() => void)[] = []
  /** Device key → what is said of it, to say it once. */
  readonly #told = new Map<string, string>()

  constructor(
    config: Pick<CalculatedSourceConfig, 'disabled'>,
    devices: readonly DeviceTags<DeviceBase>[],
    context: Context,
  ) {
    this.#config = config
    this.#devices = devices
    this.#context = context
    this.#run = new Run(context.values)
    const served = devices.flatMap(({ tags }) => tags.filter(({ disabled }) => !disabled))
    this.#formulas = ordered(served.map((tag) => new Formula(tag, context)))
    this.#due = new Uint8Array(this.#formulas.length)
  }

  start(): void {
    if (this.#ends.length > 0) return
    const { values, clock, report } = this.#context
    if (this.#config.disabled) {
      report.state('stopped', 'Disabled in the configuration.')
      return
    }
    this.#ends = [values.listen(this)]
    if (this.#formulas.some(({ usesTime }) => usesTime)) {
      this.#ends.push(clock.every(AGE_EVERY, () => this.#age()))
    }
    this.#bind()
    this.#due.fill(1)
    this.#round()
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#cancelRound?.()
    this.#cancelRound = undefined
    this.#told.clear()
    this.#context.report.state('stopped')
  }

  changed(tag: TagIndex): void {
    const positions = this.#dependents.get(tag)
    if (!positions) return
    for (const position of positions) {
      this.#due[position] = 1
      // What stands behind the one that is being evaluated is evaluated in the same round.
      if (position <= this.#at) this.#collect()
    }
  }

  plantChanged(): void {
    this.#bind()
    this.#round()
  }

  #collect(): void {
    this.#cancelRound ??= this.#context.clock.after(COLLECT_FOR, () => this.#round())
  }

  #age(): void {
    for (const [position, { usesTime }] of this.#formulas.entries()) if (usesTime) this.#due[position] = 1
    this.#round()
  }

  #bind(): void {
    for (const [position, formula] of this.#formulas.entries()) if (formula.bind()) this.#due[position] = 1
    this.#dependents.clear()
    for (const [position, { inputIndexes }] of this.#formulas.entries()) {
      for (const index of inputIndexes) {
        const known = this.#dependents.get(index)
        if (known) known.push(position)
        else this.#dependents.set(index, [position])
      }
    }
  }

  #round(): void {
    this.#cancelRound?.()
    this.#cancelRound = undefined
    const now = this.#context.clock.now()
    let told = false
    for (const [position, formula] of this.#formulas.entries()) {
      if (this.#due[position] === 0) continue
      this.#due[position] = 0
      this.#at = position
      const before = formula.words
      this.#run.begin(now)
      formula.evaluate(this.#run)
      told ||= before !== formula.words
    }
    this.#at = Number.POSITIVE_INFINITY
    if (told || this.#told.size === 0) this.#tell()
  }

  /** Says how the devices and the source are, in words. */
  #tell(): void {
    const { report, log } = this.#context
    for (const { device, tags } of this.#devices) {
      const own = new Set(tags)
      const faults = this.#formulas.filter(({ tag, words }) => words !== '' && own.has(tag))
      const reason = inWords(faults.map(({ tag, words }) => `${tag.tag.key}: ${words}`))
      const before = this.#told.get(device.key) ?? ''
      this.#told.set(device.key, reason)
      if (!device.disabled) report.device(device.key, 'online', reason)
      if (reason !== '' && reason !== before) log.warn({ device: device.key, reason }, 'Tags cannot be calculated')
      else if (reason === '' && before !== '') log.info({ device: device.key }, 'All its tags are calculated again')
    }
    const unsound = this.#formulas.filter(({ isSound }) => !isSound)
    const reason = inWords(unsound.map(({ tag, words }) => `${tag.id}: ${words}`))
    report.state(unsound.length > 0 ? 'degraded' : 'connected', reason)
  }
}

const inWords = (faults: readonly string[]): string => {
  const more = faults.length - FAULTS_SHOWN
  return [...faults.slice(0, FAULTS_SHOWN), ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

/** Throws CONFIG_INVALID for tags that need themselves, which a checked plant has not. */
function ordered(formulas: readonly Formula[]): readonly Formula[] {
  const byId = new Map(formulas.map((formula) => [formula.tag.id, formula]))
  const { ids, cycles } = inOrder(new Map(formulas.map(({ tag, inputs }) => [tag.id, inputs])))
  const [cycle] = cycles
  if (cycle) throw new PenstockError('CONFIG_INVALID', cycleFault(cycle).message)
  return ids.flatMap((id) => byId.get(id) ?? [])
}
