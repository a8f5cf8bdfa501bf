import type { z } from 'zod'

/** What schemas made of groups of settings that they found right, and that nobody changes any more. */
export class ParseMemory {
  readonly #made = new Map<z.core.$ZodType, WeakMap<object, unknown>>()

  of(schema: z.core.$ZodType): WeakMap<object, unknown> {
    const made = this.#made.get(schema) ?? new WeakMap()
    this.#made.set(schema, made)
    return made
  }
}

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
