/** As long as names and descriptions may be in a configuration. */
export const LONGEST_NAME = 200
export const LONGEST_DESCRIPTION = 1_000

/**
 * What must not reach a screen, a terminal or a log from text that others wrote: control characters and the ends of
 * lines; what turns the direction of the text around it (Unicode UAX #9, explicit directional formatting); and halves
 * of surrogate pairs, which no UTF-8 has.
 */
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A name or description from ChirpStack as people may be shown it, of at most `longest` characters. */
export function shownText(text: string, longest: number): string {
  // Cut first, as only so much is looked at, and in whole characters.
  const start = text
    .slice(0, 4 * longest)
    .replace(unfit, ' ')
    .trim()
  const characters = [...start]
  return characters.length <= longest ? start : `${characters.slice(0, longest - 1).join('')}…`
}
