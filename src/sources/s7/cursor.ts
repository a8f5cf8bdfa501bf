/** Why a text is not an address. */
export interface AddressFault {
  /** Of the first character that does not fit, counted from 1. */
  readonly column: number
  readonly message: string
  readonly mend: string
}

export class Misfit extends Error {
  readonly fault: AddressFault

  constructor(column: number, message: string, mend: string) {
    super(message)
    this.fault = { column, message, mend }
  }
}

/** Reads a text from left to right and knows the column. */
export class Cursor {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  get column(): number {
    return this.#position + 1
  }

  /** All letters that follow, and the digit in S5TIME, as capitals; may be none. */
  name(): { readonly text: string; readonly column: number } {
    const { column } = this
    return { text: this.#take(/[A-Za-z]{0,2}S5TIME|[A-Za-z_]*/iy).toUpperCase(), column }
  }

  number(what: string, low: number, high: number): number {
    const { column } = this
    const digits = this.#take(/[0-9]*/y)
    const mend = `Write ${what} as a number from ${low} to ${high}.`
    if (digits === '') throw new Misfit(column, `${this.#found()} where ${what} belongs.`, mend)
    const value = Number(digits)
    if (value < low || value > high) throw new Misfit(column, `${digits} is not possible for ${what}.`, mend)
    return value
  }

  /** Goes past the text, in either case, where it stands here. */
  skip(text: string): boolean {
    const there = this.#text.slice(this.#position, this.#position + text.length).toUpperCase() === text
    if (there) this.#position += text.length
    return there
  }

  oneOf(characters: readonly string[], mend: string): string {
    const character = this.#text.charAt(this.#position)
    if (!characters.includes(character)) {
      const wanted = characters.map((each) => `"${each}"`).join(' or ')
      throw new Misfit(this.column, `${this.#found()} where ${wanted} belongs.`, mend)
    }
    this.#position++
    return character
  }

  end(): void {
    if (this.#position === this.#text.length) return
    const isDot = this.#text.charAt(this.#position) === '.'
    throw new Misfit(
      this.column,
      `${this.#found()} behind the end of the address.`,
      isDot
        ? 'Remove it; the number of elements of an array is not part of the address: set arrayLength of the tag.'
        : 'Remove it; spaces are not allowed.',
    )
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position
    const [taken = ''] = pattern.exec(this.#text) ?? []
    this.#position += taken.length
    return taken
  }

  #found(): string {
    const character = this.#text.charAt(this.#position)
    return character === '' ? 'The text ends' : `"${character}" stands`
  }
}
