import en from '../locales/en.json'

/** A text that the pages show, by its name; `.one` and `.other` belong to names that `count` chooses among. */
export type TextName = keyof typeof en
type PluralName = TextName extends infer Name ? (Name extends `${infer Stem}.other` ? Stem : never) : never
export type Texts = Readonly<Record<TextName, string>>

export const languages = { en: 'English', de: 'Deutsch', fr: 'Français' } as const
export type Language = keyof typeof languages

export const english: Texts = en

/** English comes with the page, the others when they are wanted. */
export async function textsOf(language: Language): Promise<Texts> {
  if (language === 'de') return (await import('../locales/de.json')).default
  if (language === 'fr') return (await import('../locales/fr.json')).default
  return en
}

/** The texts of one language, with what has to be put into them; numbers and times as that language writes them. */
export class Locale {
  readonly language: Language
  /** As the browser's country writes numbers and times, where it speaks the language. */
  readonly region: string
  readonly #texts: Texts
  readonly #plurals: Intl.PluralRules
  readonly #numbers: Intl.NumberFormat
  readonly #durations: Intl.RelativeTimeFormat

  constructor(language: Language, texts: Texts, browserLanguages: readonly string[] = []) {
    this.language = language
    this.region = browserLanguages.find((tag) => tag.startsWith(`${language}-`)) ?? language
    this.#texts = texts
    this.#plurals = new Intl.PluralRules(language)
    this.#numbers = new Intl.NumberFormat(this.region, { maximumFractionDigits: 3 })
    // The narrow form of French reads as a negative number, that of German as metres.
    const style = language === 'en' ? 'narrow' : 'short'
    this.#durations = new Intl.RelativeTimeFormat(language, { numeric: 'always', style })
  }

  t = (name: TextName, values: Readonly<Record<string, string | number>> = {}): string =>
    this.#texts[name].replace(/\{(\w+)\}/g, (whole, key: string) => {
      const value = values[key]
      if (value === undefined) return whole
      return typeof value === 'number' ? this.#numbers.format(value) : value
    })

  /** As `t`, of a text that is another one for one than for several. */
  n = (name: PluralName, count: number): string => {
    const form = this.#plurals.select(count) === 'one' ? 'one' : 'other'
    return this.t(`${name}.${form}` as TextName, { count })
  }

  /** A text that may have no name of its own, such as a StatusCode that nobody has put into words. */
  orElse = (name: string, otherwise: string): string => (name in this.#texts ? this.t(name as TextName) : otherwise)

  number = (value: number): string => this.#numbers.format(value)

  /** A duration that was measured; less than a tenth of a millisecond says nothing. */
  milliseconds = (value: number): string => `${this.#numbers.format(Math.round(value * 10) / 10)} ms`

  /** With as many digits as the value is good for. */
  measured(value: number, digits: number): string {
    return new Intl.NumberFormat(this.region, { maximumSignificantDigits: digits }).format(value)
  }

  time = (at: number): string => new Date(at).toLocaleString(this.region, { dateStyle: 'short', timeStyle: 'medium' })

  timeOfDay = (at: number): string => new Date(at).toLocaleTimeString(this.region)

  /** `3 min. ago`. */
  ago(at: number, now: number): string {
    const seconds = Math.max(0, Math.round((now - at) / 1_000))
    if (seconds < 2) return this.t('age.now')
    for (const [unit, size] of units)
      if (seconds >= size) return this.#durations.format(-Math.floor(seconds / size), unit)
    return this.#durations.format(-seconds, 'second')
  }

  /** `3 h`, of a span of time. */
  span(ms: number): string {
    const seconds = Math.max(0, Math.round(ms / 1_000))
    const [unit, size] = units.find(([, each]) => seconds >= each) ?? (['second', 1] as const)
    const style = { style: 'unit', unit, unitDisplay: 'short' } as const
    return new Intl.NumberFormat(this.region, style).format(Math.floor(seconds / size))
  }
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const
