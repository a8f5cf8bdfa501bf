import type { TagValue } from '../data-type.ts'
import type { TagConfig } from '../plant.ts'
import { fitTag } from '../states.ts'
import { StatusCode } from '../status-code.ts'
import { type Transform, transformOf, Verdict } from './transform.ts'

/** What a tag makes of what its device says: the transform, and whether the outcome fits the type. */
export class Intake {
  readonly #tag: TagConfig
  readonly #transform: Transform | undefined
  /** What the last `take` means beside its value: undefined where that is for the value itself to say. */
  status: StatusCode | undefined

  constructor(tag: TagConfig) {
    this.#tag = tag
    this.#transform = transformOf(tag)
  }

  /** The value as the tag holds it; undefined where there is none, and then `status` says why. */
  take(raw: unknown): TagValue | undefined {
    const made = this.#transform ? this.#transform(raw) : raw
    const verdict = made instanceof Verdict ? made : undefined
    const fit = verdict && verdict.value === undefined ? undefined : fitTag(this.#tag, verdict ? verdict.value : made)
    this.status = verdict ? verdict.status : fit === undefined ? StatusCode.BadDecodingError : undefined
    return fit
  }
}
