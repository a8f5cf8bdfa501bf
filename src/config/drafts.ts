import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { ConfigurationDraft, ConfigurationVersion } from '../core/configuration-version.ts'
import type { Problem } from '../core/problem.ts'
import type { Applied, ConfigurationDesk, DraftStore } from './desk.ts'
import { type Difference, differencesBetween, inWords } from './differences.ts'
import { type Edit, placeOfEdit } from './edit.ts'
import { clashesOf, mergingEdits, type Winner } from './merge.ts'
import type { EditedText } from './parsed-texts.ts'
import { keyedPath, valueAtPlace } from './places.ts'
import { isGroup } from './raw.ts'

/** A problem with its place as edits name it, `sources/line/devices/pump/poll`; absent: it has none. */
export type PlacedProblem = Problem & { readonly at?: string }

/** One difference, and how it is said. */
export interface Change {
  readonly at: string
  readonly kind: Difference['kind']
  readonly words: string
}

/** What was changed by others since the draft was begun. */
export interface Behind {
  readonly version: ConfigurationVersion
  /** In words, one a difference. */
  readonly changes: readonly string[]
  /** Where both changed the same: what it is here and there. */
  readonly clashes: readonly { readonly mine: string; readonly theirs: string }[]
}

export interface DraftState {
  readonly basedOn: number
  readonly revision: number
  readonly changedAt: number
  readonly changes: readonly Change[]
  /** Sections that differ and take a restart of the gateway. */
  readonly restart: readonly string[]
  /** Everything that keeps it from being applied. */
  readonly problems: readonly PlacedProblem[]
  readonly behind: Behind | null
}

export type DraftChanged =
  | { readonly ok: true; readonly state: DraftState }
  | { readonly ok: false; readonly problems: readonly Problem[] }
  /** The draft is another one by now, changed elsewhere by the same user. */
  | { readonly ok: false; readonly revision: number }

/** Sections whose change may give somebody more rights: that takes the right to administer security. */
const guarded = ['opcua/users', 'opcua/security'] as const

/** What each user is changing of the configuration: kept until it is applied or discarded, whatever happens meanwhile. */
export class Drafts {
  readonly #desk: ConfigurationDesk
  readonly #store: DraftStore
  readonly #clock: Clock
  /** The state that was worked out last, of a draft without problems. */
  #worked: { readonly user: string; readonly holds: number; readonly state: DraftState } | undefined

  constructor(parts: { desk: ConfigurationDesk; store: DraftStore; clock: Clock }) {
    this.#desk = parts.desk
    this.#store = parts.store
    this.#clock = parts.clock
  }

  get holds(): ConfigurationVersion {
    const [version] = this.#desk.versions(1)
    if (!version) throw new RangeError('A gateway that runs has a configuration')
    return version
  }

  /** The user's draft; undefined: there is none. */
  state(user: string): DraftState | undefined {
    const draft = this.#draftOf(user)
    return draft && this.#stateOf(draft)
  }

  has(user: string): boolean {
    return this.#draftOf(user) !== undefined
  }

  /** The draft as YAML, or the configuration that holds. */
  text(user: string): string {
    return this.#draftOf(user)?.text ?? this.textOf(this.holds.id)
  }

  /** What stands at a place of the user's draft, or of the configuration that holds; undefined: nothing. */
  valueAt(user: string, place: readonly string[]): unknown {
    return valueAtPlace(this.document(user), place)
  }

  /** All of it, as values. */
  document(user: string): unknown {
    return this.#valuesIn(this.text(user))
  }

  /**
   * The draft, and what it is compared with, are read and checked between turns of others, so that all else here is quick.
   * `toEdit`: what is going to be edited; `next`: the text that it is going to be.
   */
  async prepare(
    user: string,
    { toEdit, next }: { readonly toEdit?: 'draft' | 'holding'; readonly next?: string } = {},
  ): Promise<void> {
    const draft = this.#draftOf(user)
    if (draft) await this.#desk.prepare(this.textOf(draft.basedOn))
    await this.#desk.prepare(this.textOf(this.holds.id), toEdit === 'holding')
    await this.#desk.prepare(next ?? this.text(user), toEdit === 'draft')
  }

  /** Does the edits on the user's draft, which is begun where there is none. `revision`: only if it is still that one. */
  edit(user: string, edits: readonly Edit[], revision?: number): DraftChanged {
    const locked = this.#lockedBy(edits)
    if (locked.length > 0) return { ok: false, problems: locked }
    const made = this.#desk.texts.edited(this.text(user), edits)
    return 'problems' in made ? { ok: false, ...made } : this.replace(user, made.text, revision)
  }

  /** What edits would make of the user's draft, in words, and everything that would be wrong then; nothing is done. */
  preview(user: string, edits: readonly Edit[]): { changes: readonly string[]; problems: readonly PlacedProblem[] } {
    const before = this.text(user)
    const made = this.#desk.texts.edited(before, edits)
    if ('problems' in made) return { changes: [], problems: made.problems }
    const after = this.#valuesIn(made.text)
    return {
      changes: differencesBetween(this.#valuesIn(before), after).map(inWords),
      problems: this.#desk.judge(made.text).problems.map((problem) => placed(problem, after)),
    }
  }

  /** The whole draft is this text, which need not be right. */
  replace(user: string, text: string, revision?: number): DraftChanged {
    const draft = this.#draftOf(user)
    if (revision !== undefined && revision !== (draft?.revision ?? 0))
      return { ok: false, revision: draft?.revision ?? 0 }
    return { ok: true, state: this.#keep(user, draft?.basedOn ?? this.holds.id, text) }
  }

  discard(user: string): void {
    this.#worked = undefined
    this.#store.discard(user)
  }

  /** Makes the draft one of the version that holds, with what was changed in it; `winner` where others changed the same. */
  rebase(user: string, winner: Winner): DraftChanged | undefined {
    const draft = this.#draftOf(user)
    if (!draft) return undefined
    const theirText = this.textOf(this.holds.id)
    const three = {
      base: this.#valuesOf(draft.basedOn),
      mine: this.#valuesIn(draft.text),
      theirs: this.#valuesIn(theirText),
    }
    const made = this.#desk.texts.edited(theirText, mergingEdits(three, winner))
    if ('problems' in made) return { ok: false, ...made }
    return { ok: true, state: this.#keep(user, this.holds.id, made.text) }
  }

  /**
   * Applies the draft, which is gone then. Undefined: there is none. `holds`: another version holds by now than the one
   * that it was made of, and `rebase` comes first.
   */
  async apply(user: string, by: Actor, comment: string): Promise<Applied | undefined> {
    const draft = this.#draftOf(user)
    if (!draft) return undefined
    const { text, basedOn } = draft
    const applied = await this.#desk.apply({ draft: { text }, by, comment, basedOn })
    // Unless it was changed once more meanwhile.
    if (applied.ok && this.#store.of(user)?.revision === draft.revision) this.#store.discard(user)
    return applied
  }

  /** Applies edits of the version `basedOn` at once, beside any draft. */
  async applyStraight(parts: {
    edits: readonly Edit[]
    by: Actor
    comment: string
    basedOn: number
  }): Promise<Applied> {
    const locked = this.#lockedBy(parts.edits)
    if (locked.length > 0) return { ok: false, problems: locked }
    const { edits, ...rest } = parts
    return this.#desk.apply({ draft: { edits }, ...rest })
  }

  /** The configuration that holds with these edits; nothing is done. */
  withEdits(edits: readonly Edit[]): EditedText {
    return this.#desk.texts.edited(this.textOf(this.holds.id), edits)
  }

  /** What a text would change that may give somebody more rights, in words. */
  guardedIn(text: string): string[] {
    return differencesBetween(this.#valuesOf(this.holds.id), this.#valuesIn(text))
      .filter(({ at }) => guarded.some((section) => at === 'opcua' || at === section || at.startsWith(`${section}/`)))
      .map(inWords)
  }

  /** Of the settings that edits name, those that the environment decides. */
  #lockedBy(edits: readonly Edit[]): Problem[] {
    const places = edits.map((edit) => placeOfEdit(edit).join('.'))
    if (places.every((place) => /^(?:sources|templates)(?:\.|$)/.test(place))) return []
    return [...this.#desk.current().origins].flatMap(([path, origin]) => {
      const isNamed = places.some((place) => place === path || path.startsWith(`${place}.`))
      if (origin.from !== 'environment' || !isNamed) return []
      const message = `The variable ${origin.variable} of the environment decides it, whatever the configuration says.`
      return [{ path, message, mend: `Unset ${origin.variable} to let the configuration decide.` }]
    })
  }

  /** A draft that is no different from what holds, since its apply was cut off, say, is none. */
  #draftOf(user: string): ConfigurationDraft | undefined {
    const draft = this.#store.of(user)
    const holds = this.holds.id
    if (!draft || draft.basedOn === holds || draft.text !== this.textOf(holds)) return draft
    this.#store.discard(user)
    return undefined
  }

  #keep(user: string, basedOn: number, text: string): DraftState {
    const at = this.#clock.now()
    // Greater than that of a draft that was discarded, too: nobody takes one for the other.
    const revision = Math.max((this.#store.of(user)?.revision ?? 0) + 1, at)
    const draft = { user, basedOn, revision, at, text }
    this.#store.keep(draft)
    return this.#stateOf(draft)
  }

  #stateOf(draft: ConfigurationDraft): DraftState {
    const { user, basedOn, revision, at: changedAt, text } = draft
    const holds = this.holds.id
    const worked = this.#worked
    if (worked?.user === user && worked.holds === holds && worked.state.revision === revision) return worked.state
    const mine = this.#valuesIn(text)
    const base = this.#valuesOf(basedOn)
    // Of a text that is no YAML nothing can be said but that.
    const differences = isGroup(mine) && Object.keys(mine).length === 0 ? [] : differencesBetween(base, mine)
    const changes = differences.map((each) => ({
      at: each.at,
      kind: each.kind,
      words: inWords(each),
    }))
    const { problems: found, restart } = this.#desk.judge(text)
    const problems = found.map((problem) => placed(problem, mine))
    const behind = basedOn === holds ? null : this.#behind(base, mine)
    const state: DraftState = { basedOn, revision, changedAt, changes, restart, problems, behind }
    if (problems.length === 0) this.#worked = { user, holds, state }
    return state
  }

  #behind(base: unknown, mine: unknown): Behind {
    const version = this.holds
    const theirText = this.textOf(version.id)
    const clashes = clashesOf({ base, mine, theirs: this.#valuesIn(theirText) })
    return {
      version,
      changes: differencesBetween(base, this.#valuesIn(theirText)).map(inWords),
      clashes: clashes.map((clash) => ({ mine: inWords(clash.mine), theirs: inWords(clash.theirs) })),
    }
  }

  #valuesIn(text: string): unknown {
    return this.#desk.texts.valuesOf(text)
  }

  #valuesOf(version: number): unknown {
    return this.#valuesIn(this.textOf(version))
  }

  /** A version that is kept no longer is as the one that holds. */
  textOf(version: number): string {
    return this.#desk.text(version) ?? this.#desk.text(this.holds.id) ?? ''
  }
}

function placed(problem: Problem, document: unknown): PlacedProblem {
  const at = keyedPath(problem.path, document)
  return at === undefined ? problem : { ...problem, at }
}
