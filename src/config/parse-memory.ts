import type { z } from 'zod'
import type { Once } from '../core/once.ts'

interface Made {
  readonly others: readonly unknown[]
  readonly made: unknown
}

/** What was made of parts of a configuration that nobody changes any more. */
export class ParseMemory {
  readonly #parsed = new Map<z.core.$ZodType, WeakMap<object, unknown>>()
  readonly #made = new Map<unknown, WeakMap<object, Made>>()

  /** What the schema made of groups of settings that it found right. */
  of(schema: z.core.$ZodType): WeakMap<object, unknown> {
    return storeOf(this.#parsed, schema)
  }

  readonly once: Once = (make, part, ...others) => {
    const known = storeOf(this.#made, make)
    const before = known.get(part)
    // Of the same part by the same function, so it is what that makes.
    if (before && areSame(before.others, others)) return before.made as ReturnType<typeof make>
    const made = make(part, ...others)
    known.set(part, { others, made })
    return made
  }
}

function storeOf<Maker, Value>(stores: Map<Maker, WeakMap<object, Value>>, maker: Maker): WeakMap<object, Value> {
  const store = stores.get(maker) ?? new WeakMap()
  stores.set(maker, store)
  return store
}

const areSame = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((each, at) => Object.is(each, others[at]))

/** As zod hands it from schema to schema, what else it holds included. */
export type RememberingContext = z.core.ParseContextInternal & { readonly memory?: ParseMemory | undefined }

/**
 * The same schema, which does not check a group of settings again that it has found right: where a context with a memory
 * is given, an edit of one tag of 10,000 costs the check of that one.
 */
export function remembering<Schema extends z.core.$ZodType>(schema: Schema): Schema {
  const run = schema._zod.run
  schema._zod.run = (payload, context: RememberingContext) => {
    const { value } = payload
    if (!context.memory || typeof value !== 'object' || value === null) return run(payload, context)
    const made = context.memory.of(schema)
    if (made.has(value)) {
      payload.value = made.get(value)
      return payload
    }
    const done = run(payload, context)
    if (!(done instanceof Promise) && done.issues.length === 0) made.set(value, done.value)
    return done
  }
  return schema
}
