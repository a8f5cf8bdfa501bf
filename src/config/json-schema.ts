import { parse } from 'yaml'
import { z } from 'zod'
import type { FieldMeta } from './fields.ts'
import { configSchema } from './schema.ts'

/** What JSON Schema has no words for. */
const ownWords = ['allowed', 'example', 'otherwise', 'mend', 'concealed'] as const satisfies (keyof FieldMeta)[]

/** The file as it may be written (durations as text), in JSON Schema draft 2020-12, for editors that complete and check. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => inPlainWords(jsonSchema),
  })
  return { ...schema, title: 'Penstock configuration', patternProperties: { '^x-': {} } }
}

/** The same for forms: what the user is told of a setting stays in words of its own (`allowed`, `example`, `otherwise`). */
export const configFormSchema = (): Record<string, unknown> =>
  z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' })

function inPlainWords(jsonSchema: Record<string, unknown>): void {
  const { description, allowed, example, otherwise } = jsonSchema as Partial<FieldMeta>
  for (const word of ownWords) delete jsonSchema[word]
  if (allowed === undefined) return
  const sentences = [description, `Allowed: ${allowed}.`, ...(otherwise ? [`Default: ${otherwise}.`] : [])]
  jsonSchema.description = sentences.join(' ')
  if (example !== undefined) jsonSchema.examples = [parse(example)]
}
