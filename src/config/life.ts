import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { ConfigurationVersion } from '../core/configuration-version.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Plant } from '../core/plant.ts'
import { formatProblem, type Problem } from '../core/problem.ts'
import type { DeviceTemplate } from '../core/template.ts'
import type { Applied, Checked, ConfigurationDesk, Draft, Versions } from './desk.ts'
import { differencesBetween, inWords } from './differences.ts'
import type { Loaded } from './load.ts'
import { ParsedTexts } from './parsed-texts.ts'
import { Preparation } from './preparation.ts'
import type { Config } from './schema.ts'
import type { YamlFile } from './yaml-file.ts'

/** Everything but the plant: read once, when the gateway starts. */
const fixedParts = [
  'gateway',
  'opcua',
  'http',
  'grpc',
  'history',
  'sinks',
  'commands',
  'audit',
  'log',
  'telemetry',
  'backup',
] as const satisfies readonly (keyof Config)[]

export interface ConfigurationLifeParts {
  readonly versions: Versions
  /** Checks a text in every part, with what the environment says; `yaml` is the same, where it was read already. */
  readonly check: (text: string, yaml?: YamlFile) => Loaded
  /** Makes this the plant that runs. */
  readonly changePlant: (to: RunningPlant) => Promise<void>
  /** What was read already. */
  readonly texts?: ParsedTexts | undefined
  /** With what the gateway was started. */
  readonly started: Config
  readonly clock: Clock
  readonly log: Logger
}

/** What of a configuration is in force without a restart. */
interface RunningPlant {
  readonly plant: Plant
  readonly templates: readonly DeviceTemplate[]
  readonly secrets: Readonly<Record<string, string>>
}

/** What a configuration without problems comes to. */
interface Judged {
  readonly plant: RunningPlant
  /** Sections that differ from those that the gateway was started with. */
  readonly restart: readonly string[]
}

interface Refused {
  readonly problems: readonly Problem[]
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What a start finds, from the file and from what was in force before. */
export interface Beginning {
  readonly text: string
  /** The text is that of the file, and no version yet. */
  readonly isNew: boolean
}

/**
 * With which configuration to begin: the file, where it is another than was read last, otherwise what held last, which
 * may have been changed since. Undefined: there is neither.
 */
export function beginningOf(
  file: string | undefined,
  versions: Pick<Versions, 'newest' | 'fileHash' | 'text'> | undefined,
): Beginning | undefined {
  const { newest, fileHash } = versions ?? {}
  if (file !== undefined && (newest === undefined || fileHash !== hashOf(file))) return { text: file, isNew: true }
  const text = newest && versions?.text(newest.id)
  return text === undefined ? undefined : { text, isNew: false }
}

const system: Actor = { user: 'system', origin: 'system' }

/** The configuration while the gateway runs: the one that holds, the ones before, and how it becomes another. */
export class ConfigurationLife implements ConfigurationDesk {
  readonly #parts: ConfigurationLifeParts
  readonly texts: ParsedTexts
  readonly #preparation: Preparation
  #applying: Promise<unknown> = Promise.resolve()

  constructor(parts: ConfigurationLifeParts) {
    this.#parts = parts
    this.texts = parts.texts ?? new ParsedTexts()
    this.#preparation = new Preparation({ ...parts, texts: this.texts })
  }

  /** The first thing: what the gateway was started with is the version that holds. */
  begin(beginning: Beginning & { readonly name: string }): void {
    if (beginning.isNew) this.#addFirst(beginning)
    // Most gateways run for months without a change, and what was read takes megabytes.
    this.texts.forget()
  }

  #addFirst({ text, name }: Beginning & { readonly name: string }): void {
    const { versions, clock } = this.#parts
    const { newest } = versions
    const before = (newest && versions.text(newest.id)) ?? ''
    const changes = this.#changes(before, text)
    const comment = `read from ${name}`
    versions.add({ at: clock.now(), by: system, comment, text, fileHash: hashOf(text), changes })
  }

  /** Takes a file as the newest version, where it is another than the one that was read last. */
  async takeFile(text: string, file: string): Promise<Applied | undefined> {
    const fileHash = hashOf(text)
    if (this.#parts.versions.fileHash === fileHash) return undefined
    const change = { draft: { text }, by: system, comment: `read from ${file}`, fileHash }
    return this.#inTurn(() => this.#apply(change))
  }

  /**
   * A SIGHUP: a file that was edited is in force, and otherwise the version that holds, with the secrets that there are
   * now. Never rejects: whoever asked is told in the log.
   */
  async reload(text: string | undefined, file: string): Promise<void> {
    const { log } = this.#parts
    try {
      const taken = text === undefined ? undefined : await this.takeFile(text, file)
      this.#say(taken ?? (await this.#inTurn(() => this.#refresh())))
    } catch (error) {
      log.error({ cause: describeError(error) }, 'The configuration could not be read again; the plant is as it was')
    }
  }

  #say(applied: Applied): void {
    const { log } = this.#parts
    if ('problems' in applied) {
      const cause = applied.problems.map(formatProblem).join(' ')
      log.error({ cause }, 'The configuration is refused, and the plant is as it was')
    } else if (applied.ok) {
      const { version, changes, restart, live } = applied
      if (live) log.info({ version, changes: changes.length }, 'The plant is the one of the configuration as it is now')
      if (restart.length > 0) log.warn({ sections: restart }, 'These sections have changed too, and take a restart')
    }
  }

  prepare(text: string, toEdit = false): Promise<void> {
    return this.#preparation.prepare(text, toEdit)
  }

  current() {
    const { versions, check } = this.#parts
    const version = versions.newest
    const text = version && versions.text(version.id)
    if (!version || text === undefined) throw new RangeError('A gateway that runs has a configuration')
    const read = this.texts.read(text)
    const loaded = check(text, read.ok ? read : undefined)
    return { version, text, origins: loaded.ok ? loaded.origins() : new Map() }
  }

  check(draft: Draft): Checked {
    const checked = this.#checked(draft)
    if ('problems' in checked) return { ok: false, problems: checked.problems }
    const { text, changes, restart } = checked
    return { ok: true, text, changes, restart }
  }

  judge(text: string) {
    const judged = this.#judged(text)
    return 'problems' in judged ? { problems: judged.problems, restart: [] } : { problems: [], restart: judged.restart }
  }

  apply(change: Parameters<ConfigurationDesk['apply']>[0]): Promise<Applied> {
    return this.#inTurn(() => this.#apply(change))
  }

  versions(limit: number, before?: number): readonly ConfigurationVersion[] {
    return this.#parts.versions.page(limit, before)
  }

  text(version: number): string | undefined {
    return this.#parts.versions.text(version)
  }

  async #apply({
    draft,
    by,
    comment,
    basedOn,
    fileHash,
  }: Parameters<ConfigurationDesk['apply']>[0] & { readonly fileHash?: string }): Promise<Applied> {
    const { versions, clock } = this.#parts
    const holds = versions.newest?.id ?? 0
    if (basedOn !== undefined && basedOn !== holds) return { ok: false, holds }
    await this.prepare(versions.text(holds) ?? '', 'edits' in draft)
    if ('text' in draft) await this.prepare(draft.text)
    const checked = this.#checked(draft)
    if ('problems' in checked) return { ok: false, problems: checked.problems }
    const { text, changes, restart, plant } = checked
    const isSame = changes.length === 0 && fileHash === undefined && holds > 0
    const version = isSame ? holds : versions.add({ at: clock.now(), by, comment, text, fileHash, changes })
    return { ok: true, version, changes, restart, live: isSame || (await this.#follow(plant)) }
  }

  async #refresh(): Promise<Applied> {
    const { version, text } = this.current()
    const checked = this.#checked({ text })
    if ('problems' in checked) return { ok: false, problems: checked.problems }
    const live = await this.#follow(checked.plant)
    return { ok: true, version: version.id, changes: [], restart: checked.restart, live }
  }

  #checked(draft: Draft) {
    const { versions } = this.#parts
    const { newest } = versions
    const before = (newest && versions.text(newest.id)) ?? ''
    const made = 'text' in draft ? draft : this.texts.edited(before, draft.edits)
    if ('problems' in made) return made
    const { text } = made
    const judged = this.#judged(text)
    if ('problems' in judged) return judged
    return { text, ...judged, changes: this.#changes(before, text) }
  }

  #changes(before: string, after: string): string[] {
    return differencesBetween(this.texts.valuesOf(before), this.texts.valuesOf(after)).map(inWords)
  }

  #judged(text: string): Judged | Refused {
    const { check, started } = this.#parts
    const read = this.texts.read(text)
    const loaded = check(text, read.ok ? read : undefined)
    if (!loaded.ok) return { problems: loaded.problems }
    const { config, secrets } = loaded
    if (config.gateway.data !== started.gateway.data) return { problems: [dataFolderIsFixed] }
    const plant: RunningPlant = { plant: { sources: config.sources }, templates: config.templates, secrets }
    const restart = fixedParts.filter((part) => !isDeepStrictEqual(config[part], started[part]))
    return { plant, restart }
  }

  /** False: the engine has it as soon as it is back. */
  async #follow(plant: RunningPlant): Promise<boolean> {
    const { changePlant, log } = this.#parts
    try {
      await changePlant(plant)
      return true
    } catch (error) {
      const cause = describeError(error)
      log.warn({ cause }, 'The configuration is taken, and its plant is in force as soon as the engine answers again')
      return false
    }
  }

  #inTurn<Result>(job: () => Promise<Result>): Promise<Result> {
    const done = this.#applying.then(job)
    const settled = () => undefined
    this.#applying = done.then(settled, settled)
    return done
  }
}

const dataFolderIsFixed: Problem = {
  path: 'gateway.data',
  message: 'The data folder holds this configuration, and cannot be changed by it.',
  mend: 'Leave it as it is; to move the folder, stop the gateway, move it, and set PENSTOCK_DATA.',
}
