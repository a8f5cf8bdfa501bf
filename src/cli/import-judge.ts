import { differencesBetween, inWords, valuesOf } from '../config/differences.ts'
import { readYaml, type YamlFile } from '../config/yaml-file.ts'
import type { Problem } from '../core/problem.ts'
import { loadText } from './configuration.ts'

/** Judges configurations without secrets, and keeps what it read last: reading takes longest of all. */
export class ImportJudge {
  #last: { readonly text: string; readonly yaml: YamlFile } | undefined

  readonly judge = (text: string): readonly Problem[] => {
    const yaml = readYaml(text, 'configuration')
    this.#last = yaml.ok ? { text, yaml } : undefined
    const loaded = loadText(text, 'configuration', {}, false, yaml.ok ? { yaml } : {})
    return loaded.ok ? [] : loaded.problems
  }

  /** In what two configurations differ, in words. */
  changes(before: string, after: string): string[] {
    const values = this.#last?.text === after ? this.#last.yaml.value : valuesOf(after)
    return differencesBetween(valuesOf(before), values).map(inWords)
  }
}
