import { z } from 'zod'
import { type Route, route } from '../../api/route.ts'
import { applied, draft, maybeDraft, setting } from '../../api/schemas/configuration.ts'
import { actorOf } from '../command-api-routes.ts'
import type { WebService } from '../service.ts'
import {
  appliedOr,
  checkGuarded,
  draftOr,
  LONGEST_CONFIGURATION,
  matchOf,
  noDraft,
  refused,
  shownDraft,
  userOf,
} from './changing.ts'

const place = z.array(z.string().min(1).max(200)).min(1).max(20)
const edit = z.union([
  z.strictObject({ set: place, value: z.unknown() }),
  z.strictObject({ add: place, value: z.unknown() }),
  z.strictObject({ remove: place }),
])
const group = 'Configuration'
const right = 'configure'

/** What whoever asks is changing of the configuration: kept for him until he applies or discards it. */
export function draftRoutes({ drafts }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/configuration/draft',
      right,
      group,
      summary: 'Your draft: what it changes, in words, and everything that is wrong with it',
      answer: maybeDraft,
      handle: async (_input, asked) => {
        const user = userOf(asked)
        if (drafts.has(user)) await drafts.prepare(user)
        const state = drafts.state(user)
        return { holds: drafts.holds, draft: state ? shownDraft(state, asked) : null }
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/draft/text',
      right,
      group,
      summary: 'Your draft as YAML, or the configuration that holds',
      answer: z.object({ text: z.string(), revision: z.int().describe('0: there is no draft.') }),
      handle: async (_input, asked) => {
        const user = userOf(asked)
        if (drafts.has(user)) await drafts.prepare(user)
        return { text: drafts.text(user), revision: drafts.state(user)?.revision ?? 0 }
      },
    }),
    route({
      method: 'PUT',
      path: '/configuration/draft',
      right,
      group,
      summary: 'Make a whole text your draft: import',
      description: 'It need not be right yet. With `If-Match: "d3"` only while the draft is that revision.',
      body: z.strictObject({ text: z.string().min(1).describe('YAML.') }),
      longestBody: LONGEST_CONFIGURATION,
      answer: draft,
      handle: async ({ body }, asked) => {
        const user = userOf(asked)
        await drafts.prepare(user, { next: body.text })
        return draftOr(drafts.replace(user, body.text, matchOf(asked).revision), asked)
      },
    }),
    route({
      method: 'DELETE',
      path: '/configuration/draft',
      right,
      group,
      summary: 'Discard your draft',
      answer: z.void(),
      handle: async (_input, asked) => drafts.discard(userOf(asked)),
    }),
    route({
      method: 'POST',
      path: '/configuration/draft/edits',
      right,
      group,
      summary: 'Change settings in your draft, which is begun where there is none',
      description:
        '`set` gives a setting a value, `add` adds to a list, `remove` takes out; places name things in lists by their ' +
        'keys: `["sources", "line", "devices", "pump", "poll"]`.',
      body: z.strictObject({ edits: z.array(edit).min(1).max(100_000) }),
      longestBody: LONGEST_CONFIGURATION,
      answer: draft,
      handle: async ({ body }, asked) => {
        const user = userOf(asked)
        await drafts.prepare(user, { toEdit: 'draft' })
        return draftOr(drafts.edit(user, body.edits, matchOf(asked).revision), asked)
      },
    }),
    route({
      method: 'POST',
      path: '/configuration/draft/apply',
      right,
      group,
      summary: 'Apply your draft, live',
      description:
        '409 with `conflict` where another version holds by now than the one it was made of: what others changed, and ' +
        'what of it you changed too. 422 with all `problems`. With `If-Match: "d3"` only while the draft is that revision.',
      body: z.strictObject({ comment: z.string().max(1_000).default('').describe('Why, for those who come after.') }),
      answer: applied,
      handle: async ({ body }, asked) => {
        const user = userOf(asked)
        if (drafts.has(user)) await drafts.prepare(user)
        const state = drafts.state(user)
        if (!state) throw noDraft()
        const { revision } = matchOf(asked)
        if (revision !== undefined && revision !== state.revision)
          draftOr({ ok: false, revision: state.revision }, asked)
        checkGuarded(drafts, drafts.text(user), asked)
        if (state.problems.length > 0 && !state.behind) throw refused(state.problems)
        const done = await drafts.apply(user, actorOf(asked), body.comment)
        if (!done) throw noDraft()
        // What others did while this waited for its turn.
        return appliedOr(done, asked, drafts.state(user) ?? state)
      },
    }),
    route({
      method: 'POST',
      path: '/configuration/draft/rebase',
      right,
      group,
      summary: 'Take over what others changed into your draft',
      body: z.strictObject({
        winner: z.enum(['mine', 'theirs']).default('mine').describe('Whose change stays where both changed the same.'),
      }),
      answer: draft,
      handle: async ({ body }, asked) => {
        const user = userOf(asked)
        if (drafts.has(user)) await drafts.prepare(user, { toEdit: 'holding' })
        return draftOr(drafts.rebase(user, body.winner), asked)
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/setting',
      right,
      group,
      summary: 'What stands at a place of your draft, or of the configuration that holds',
      query: z.strictObject({ at: z.string().min(1).max(2_000).describe('By keys: `sources/line/devices/pump`.') }),
      answer: setting,
      handle: async ({ query }, asked) => {
        const user = userOf(asked)
        await drafts.prepare(user)
        const value = drafts.valueAt(user, query.at.split('/'))
        return { at: query.at, value, inDraft: drafts.has(user) }
      },
    }),
  ]
}
