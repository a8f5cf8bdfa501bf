import type { Applied } from '../../../config/desk.ts'
import type { DraftChanged, DraftState, Drafts } from '../../../config/drafts.ts'
import type { Edit } from '../../../config/edit.ts'
import { formatProblem, type Problem } from '../../../core/problem.ts'
import { can } from '../../../core/user.ts'
import { ApiProblem, notFound } from '../../api/problem.ts'
import type { Asked } from '../../api/route.ts'
import type { AppliedAnswer, ChangedAnswer, DraftAnswer } from '../../api/schemas/configuration.ts'
import { actorOf } from '../command-api-routes.ts'

/** A configuration is longer than what is asked otherwise. */
export const LONGEST_CONFIGURATION = 20 * 1024 * 1024
const MOST_SHOWN = 500

/** What `If-Match` names: a version of the configuration (`"v12"`), or a revision of the draft (`"d3"`). */
export function matchOf({ context }: Asked): { readonly version?: number; readonly revision?: number } {
  const given = context.get('If-Match')
  if (given === '' || given === '*') return {}
  const [, kind, number] = /^"([vd])(\d{1,15})"$/.exec(given) ?? []
  if (kind === undefined) {
    const detail = 'If-Match is the ETag of the configuration, such as "v12", or of your draft, such as "d3".'
    throw new ApiProblem({ status: 400, code: 'REQUEST_INVALID', detail })
  }
  return kind === 'v' ? { version: Number(number) } : { revision: Number(number) }
}

export const userOf = ({ visitor }: Asked): string => visitor?.name ?? ''

export const tagOfVersion = (version: number): string => `"v${version}"`

/** The draft as it is answered, with its ETag. */
export function shownDraft(state: DraftState, { context }: Asked): DraftAnswer {
  context.set('ETag', `"d${state.revision}"`)
  const { changes, problems, restart, behind, ...draft } = state
  return {
    ...draft,
    changes: changes.map((each) => ({ ...each })),
    problems: problems.slice(0, MOST_SHOWN).map((each) => ({ ...each })),
    restart: [...restart],
    behind: behind && {
      version: behind.version,
      changes: [...behind.changes],
      clashes: behind.clashes.map((each) => ({ ...each })),
    },
  }
}

/** What became of a change of the draft; throws ApiProblem where it was refused. */
export function draftOr(changed: DraftChanged | undefined, asked: Asked): DraftAnswer {
  if (!changed) throw noDraft()
  if (changed.ok) return shownDraft(changed.state, asked)
  if ('problems' in changed) throw refused(changed.problems)
  const detail =
    'Your draft was changed elsewhere meanwhile, in another window perhaps: load it again, and repeat the change.'
  throw new ApiProblem({ status: 412, code: 'DRAFT_CHANGED', detail })
}

export const noDraft = (): ApiProblem => notFound('You have no draft: nothing is changed.')

/** Does edits on the draft of whoever asks, or, where `If-Match` names a version, at once. */
export async function change(drafts: Drafts, edits: readonly Edit[], asked: Asked): Promise<ChangedAnswer> {
  const { version, revision } = matchOf(asked)
  if (version === undefined) return { draft: draftOr(drafts.edit(userOf(asked), edits, revision), asked) }
  const current = drafts.holds.id
  if (version === current) {
    const made = drafts.withEdits(edits)
    if ('text' in made) checkGuarded(drafts, made.text, asked)
  }
  const by = actorOf(asked)
  const comment = asked.context.get('X-Comment').slice(0, 1_000)
  return { applied: appliedOr(await drafts.applyStraight({ edits, by, comment, basedOn: version }), asked) }
}

/** What was applied; throws ApiProblem where it was refused. `state`: the draft that it was, where it was one. */
export function appliedOr(applied: Applied, { context }: Asked, state?: DraftState): AppliedAnswer {
  if (applied.ok) {
    context.set('ETag', tagOfVersion(applied.version))
    const { version, changes, restart, live } = applied
    return { version, changes: [...changes], restart: [...restart], live }
  }
  if ('problems' in applied) throw refused(applied.problems)
  const detail = state?.behind
    ? `${state.behind.version.by.user} made version ${applied.holds} since you began: take over what changed, then apply.`
    : `Version ${applied.holds} holds by now: load it, and repeat the change.`
  const conflict = state?.behind
  throw new ApiProblem({
    status: state ? 409 : 412,
    code: 'CONFIGURATION_CHANGED',
    detail,
    ...(conflict
      ? {
          more: {
            conflict: { version: conflict.version, changes: [...conflict.changes], clashes: [...conflict.clashes] },
          },
        }
      : {}),
  })
}

/** Everything that is wrong, for programs, and in words. */
export function refused(problems: readonly Problem[]): ApiProblem {
  const shown = problems.slice(0, MOST_SHOWN)
  const found = problems.length === 1 ? 'there is one problem' : `there are ${problems.length} problems`
  return new ApiProblem({
    status: 422,
    code: 'CONFIGURATION_INVALID',
    detail: `Nothing is changed: ${found}.`,
    errors: shown.map((problem) => ({ in: 'body', field: problem.path, message: withoutPath(problem) })),
    more: { problems: shown.map((problem) => ({ ...problem })) },
  })
}

const withoutPath = (problem: Problem): string => formatProblem(problem).replace(`${problem.path}: `, '')

/** Throws 403 where a text gives rights and whoever asks may not. */
export function checkGuarded(drafts: Drafts, text: string, { visitor }: Asked): void {
  if (!visitor || can(visitor.roles, 'administerSecurity')) return
  const [change] = drafts.guardedIn(text)
  if (change === undefined) return
  const detail = `Users and security (opcua.users, opcua.security) are changed by who may administer security; ${visitor.name} (${visitor.roles.join(', ')}) may not: ${change}.`
  throw new ApiProblem({ status: 403, code: 'RIGHT_NEEDED', detail })
}
