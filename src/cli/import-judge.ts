import { differencesBetween, inWords } from '../config/differences.ts'
import { ParsedTexts } from '../config/parsed-texts.ts'
import type { Problem } from '../core/problem.ts'
import { checkOfEdits } from './configuration.ts'

/** Judges configurations without secrets, and reads and checks nothing of them twice. */
export class ImportJudge {
  readonly texts = new ParsedTexts()
  readonly #check = checkOfEdits('configuration', {}, false)

  readonly judge = (text: string): readonly Problem[] => {
    const read = this.texts.read(text)
    const loaded = this.#check(text, read.ok ? read : undefined)
    return loaded.ok ? [] : loaded.problems
  }

  /** In what two configurations differ, in words. */
  changes(before: string, after: string): string[] {
    return differencesBetween(this.texts.valuesOf(before), this.texts.valuesOf(after)).map(inWords)
  }
}
