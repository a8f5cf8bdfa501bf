import { configJsonSchema } from './json-schema.ts'
import { overridesTable, settingsTables } from './settings-tables.ts'

/** What is made of the schema, by its path in the project, given what is there now. */
export const generatedFiles: Readonly<Record<string, (current: string) => string>> = {
  'config/penstock.schema.json': () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  'docs/configuration.md': (current) =>
    replaceBetween(replaceBetween(current, 'settings', settingsTables()), 'environment', overridesTable()),
}

/** Puts `content` between the comments that mark its place. */
function replaceBetween(document: string, name: string, content: string): string {
  const begin = `<!-- ${name}: generated from src/config -->`
  const end = `<!-- end of ${name} -->`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`The document has no "${begin}" with a "${end}" after it`)
  return `${document.slice(0, from)}${begin}\n\n${content}\n\n${document.slice(to)}`
}
