/** From here on, sums of as many as there can be might not be finite. */
const HUGE = 2 ** 960

/**
 * The sum of numbers as if it were calculated with infinitely many digits and rounded once, so that it is the same in
 * whatever order and whatever parts it is added up (J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997).
 */
export class ExactSum {
  /** Doubles that do not overlap, the smallest first, whose sum it is. */
  #partials: number[] = []
  #huge = 0
  #hasHuge = false

  add(value: number): void {
    if (!(Math.abs(value) < HUGE)) {
      this.#huge += value
      this.#hasHuge = true
      return
    }
    const partials = this.#partials
    let kept = 0
    for (let at = 0; at < partials.length; at++) {
      const part = partials[at] as number
      const sum = value + part
      const rest = Math.abs(value) < Math.abs(part) ? value - (sum - part) : part - (sum - value)
      if (rest !== 0) partials[kept++] = rest
      value = sum
    }
    if (kept < partials.length) partials.length = kept
    partials[kept] = value
  }

  /** Adds another sum, as its `parts` have it. */
  addParts(parts: readonly number[]): void {
    for (const part of parts) this.add(part)
  }

  /** The doubles that it is the sum of; undefined where a number was added that is too great for them. */
  get parts(): readonly number[] | undefined {
    return this.#hasHuge ? undefined : this.#partials
  }

  get value(): number {
    const exact = rounded(this.#partials)
    return this.#hasHuge ? this.#huge + exact : exact
  }
}

function rounded(partials: readonly number[]): number {
  let at = partials.length - 1
  let sum = partials[at] ?? 0
  let rest = 0
  while (at > 0 && rest === 0) {
    const before = sum
    const part = partials[--at] as number
    sum = before + part
    rest = part - (sum - before)
  }
  // What is left lies exactly between two doubles: what is beyond it decides to which it is rounded.
  const beyond = partials[at - 1] ?? 0
  if (rest !== 0 && Math.sign(rest) === Math.sign(beyond)) {
    const other = sum + 2 * rest
    if (other - sum === 2 * rest) return other
  }
  return sum
}
