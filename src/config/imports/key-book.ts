import { keyFor } from '../key-for.ts'

/** Gives each name a key that nothing else has: `pump`, `pump-2`, `pump-3`. */
export class KeyBook {
  readonly #taken = new Set<string>()
  /** The last number given behind a key, so that a thousand like names are no million of comparisons. */
  readonly #last = new Map<string, number>()

  constructor(taken: Iterable<string> = []) {
    for (const key of taken) this.#taken.add(key)
  }

  /** `otherwise`: what it is called where nothing of the name can be in a key. */
  take(name: string, otherwise: string): string {
    const wanted = keyFor(name) ?? otherwise
    if (!this.#taken.has(wanted)) {
      this.#taken.add(wanted)
      return wanted
    }
    for (let number = (this.#last.get(wanted) ?? 1) + 1; ; number++) {
      const end = `-${number}`
      const key = `${wanted.slice(0, 63 - end.length)}${end}`
      if (this.#taken.has(key)) continue
      this.#last.set(wanted, number)
      this.#taken.add(key)
      return key
    }
  }
}
