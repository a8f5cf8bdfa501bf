import { z } from 'zod'
import type { PlacedProblem } from '../../../config/drafts.ts'
import { exportedTags } from '../../../config/tags/export-tags.ts'
import { importedTags, type TagImport } from '../../../config/tags/import-tags.ts'
import { type Route, route } from '../../api/route.ts'
import { tagImport } from '../../api/schemas/configuration.ts'
import type { WebService } from '../service.ts'
import { draftOr, LONGEST_CONFIGURATION, matchOf, userOf } from './changing.ts'

const MOST_SHOWN = 500
const group = 'Configuration of the plant'
const right = 'configure'

/** Tags as a table that a spreadsheet opens, out and back. */
export function tagTransferRoutes({ drafts }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/configuration/tags.csv',
      right,
      group,
      summary: 'The tags of your draft, or of the configuration that holds, as CSV',
      query: z.strictObject({ source: z.string().optional(), device: z.string().optional() }),
      answer: z.string(),
      mediaType: 'text/csv',
      handle: async ({ query }, asked) => {
        const csv = exportedTags(drafts.document(userOf(asked)), query)
        asked.context.attachment(`${query.device ?? query.source ?? 'tags'}.csv`)
        asked.context.type = 'text/csv'
        // A spreadsheet takes a file without it for one of another encoding.
        asked.context.body = `\uFEFF${csv}`
        return csv
      },
    }),
    route({
      method: 'POST',
      path: '/configuration/tags/import',
      right,
      group,
      summary: 'Take over tags from CSV into your draft, or see what that would change',
      description:
        'The first row names the columns, as the export has them; `,`, `;` and tabulators separate. `merge` adds and ' +
        'changes; `replace` also removes the tags of the named devices that the file has not.',
      body: z.strictObject({
        csv: z.string(),
        mode: z.enum(['merge', 'replace']).default('merge'),
        preview: z.boolean().default(false).describe('Nothing is done, only said.'),
      }),
      longestBody: LONGEST_CONFIGURATION,
      answer: tagImport,
      handle: async ({ body }, asked) => {
        const user = userOf(asked)
        const made = importedTags(drafts.document(user), body.csv, body.mode)
        const { changes, problems } = drafts.preview(user, made.edits)
        const answer = {
          rows: made.rows,
          changes: changes.slice(0, MOST_SHOWN),
          count: changes.length,
          problems: [...made.problems.map((each) => ({ ...each })), ...rowProblems(problems, made)].slice(
            0,
            MOST_SHOWN,
          ),
        }
        if (body.preview || made.problems.length > 0 || made.edits.length === 0) return { ...answer, taken: false }
        const draft = draftOr(drafts.edit(user, made.edits, matchOf(asked).revision), asked)
        return { ...answer, taken: true, draft }
      },
    }),
  ]
}

/** What is wrong with tags that came from the file, by their lines in it. */
function rowProblems(problems: readonly PlacedProblem[], { lines }: TagImport) {
  return problems.flatMap(({ at = '', message, mend }) => {
    const names = at.split('/')
    const line = lines.get(names.slice(0, 6).join('/'))
    return line === undefined ? [] : [{ line, column: names.slice(6).join('.'), message: `${message} ${mend}` }]
  })
}
