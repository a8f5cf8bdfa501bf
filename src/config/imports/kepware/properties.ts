import { type Group, isGroup } from '../../raw.ts'

/**
 * Properties of an object of KEPServerEX. Their names begin with what they belong to (`servermain.`, or that of the
 * driver), which differs between drivers that share a property; so they are found by what follows.
 */
export class Properties {
  readonly #byName = new Map<string, unknown>()
  readonly value: Group

  constructor(value: unknown) {
    this.value = isGroup(value) ? value : {}
    for (const [name, property] of Object.entries(this.value)) {
      const end = name.slice(name.indexOf('.') + 1)
      if (!this.#byName.has(end)) this.#byName.set(end, property)
    }
  }

  /** Undefined: it is not there, or empty. */
  text(name: string): string | undefined {
    const value = this.#byName.get(name)
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
  }

  number(name: string): number | undefined {
    const value = this.#byName.get(name)
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
    // Numbers of 64 bits stand in quotes.
    return typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : undefined
  }

  flag(name: string): boolean | undefined {
    const value = this.#byName.get(name)
    if (typeof value === 'boolean') return value
    return value === 0 ? false : value === 1 ? true : undefined
  }

  list(name: string): readonly unknown[] {
    const value = this.value[name]
    return Array.isArray(value) ? value : []
  }
}
