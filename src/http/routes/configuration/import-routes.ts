import { z } from 'zod'
import { LARGEST_IMPORT } from '../../../config/imports/import-plant.ts'
import { type ImportNote, importFormats, type NoteKind } from '../../../config/imports/imported.ts'
import { ApiProblem, notFound } from '../../api/problem.ts'
import { type Asked, type Route, route } from '../../api/route.ts'
import { draft } from '../../api/schemas/configuration.ts'
import { type PlantImportAnswer, plantImport } from '../../api/schemas/imports.ts'
import type { ImportState } from '../../plant-imports.ts'
import type { WebService } from '../service.ts'
import { draftOr, matchOf, userOf } from './changing.ts'

const MOST_CHANGES = 500
const MOST_NOTES = 1_000
const group = 'Configuration of the plant'
const right = 'configure'

/** Plants of other products: a file is read beside everything else, shown, and taken over into the draft. */
export function importRoutes({ drafts, imports }: WebService): Route[] {
  const answer = (asked: Asked): PlantImportAnswer => answerOf(imports.of(userOf(asked)))
  return [
    route({
      method: 'POST',
      path: '/configuration/import',
      right,
      group,
      summary: 'Begin to import a file of KEPServerEX or opcgw',
      description:
        'It runs by itself, in place of an earlier import of yours: ask for it until its `state` is `ready`, and take it ' +
        'over. What is in your draft stays as it is.',
      body: z.strictObject({
        format: z.enum(importFormats),
        file: z.string().min(1).describe('Its text.'),
        device: z.string().max(63).optional().describe('Of kepware-csv: the key of the device that gets the tags.'),
        zeroBased: z.boolean().default(true).describe('Of kepware-csv: "Zero-Based Addressing" of the device there.'),
        zeroBasedBits: z.boolean().default(true).describe('Of kepware-csv: "Zero-Based Bit Addressing".'),
      }),
      longestBody: 2 * LARGEST_IMPORT,
      answer: plantImport,
      handle: async ({ body }, asked) => {
        const user = userOf(asked)
        if (!imports.begin(user, { ...body, text: drafts.text(user) })) {
          const detail = 'Others import at this moment: try again when they are done.'
          throw new ApiProblem({ status: 503, code: 'IMPORT_BUSY', detail, headers: { 'Retry-After': '5' } })
        }
        return answer(asked)
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/import',
      right,
      group,
      summary: 'Your import: how far it is, and what it would change',
      answer: plantImport,
      handle: async (_input, asked) => answer(asked),
    }),
    route({
      method: 'DELETE',
      path: '/configuration/import',
      right,
      group,
      summary: 'Cancel your import, or forget it',
      answer: z.void(),
      handle: async (_input, asked) => imports.forget(userOf(asked)),
    }),
    route({
      method: 'POST',
      path: '/configuration/import/take',
      right,
      group,
      summary: 'Take your import over into your draft',
      answer: draft,
      handle: async (_input, asked) => {
        const user = userOf(asked)
        const found = imports.of(user)
        if (found?.state === 'ready') await drafts.prepare(user, { next: found.outcome.text })
        if (found?.state !== 'ready') throw notFound('There is no import that is ready to be taken over.')
        if (drafts.text(user) !== found.input.text) {
          const detail = 'Your draft is another one than when the import began: import the file again.'
          throw new ApiProblem({ status: 412, code: 'DRAFT_CHANGED', detail })
        }
        const answered = draftOr(drafts.replace(user, found.outcome.text, matchOf(asked).revision), asked)
        imports.forget(user)
        return answered
      },
    }),
  ]
}

function answerOf(
  found: (ImportState & { readonly input: { readonly format: PlantImportAnswer['format'] } }) | undefined,
): PlantImportAnswer {
  if (!found) return { state: 'none' }
  const { format } = found.input
  if (found.state === 'running') return { state: 'running', format, ...found.progress }
  if (found.state === 'refused')
    return {
      state: 'refused',
      format,
      message: found.message,
      ...(found.line === undefined ? {} : { line: found.line }),
    }
  const { counts, changes, notes } = found.outcome
  const of = (kind: NoteKind): ImportNote[] => notes.filter((note) => note.kind === kind)
  const [leftOut, changed, note] = [of('leftOut'), of('changed'), of('note')]
  return {
    state: 'ready',
    format,
    counts: { ...counts },
    changes: changes.slice(0, MOST_CHANGES),
    changeCount: changes.length,
    notes: [leftOut, changed, note].flatMap((some) => some.slice(0, MOST_NOTES).map((each) => ({ ...each }))),
    noteCounts: { leftOut: leftOut.length, changed: changed.length, note: note.length },
  }
}
