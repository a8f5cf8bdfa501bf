import { z } from 'zod'
import type { ConfigurationDesk, Draft } from '../config/desk.ts'
import type { Actor } from '../core/command.ts'
import type { Problem } from '../core/problem.ts'
import type { Answer } from './diagnosis.ts'

/** A request for the configuration; whoever asks has proved to be allowed to change it. */
export interface ConfigurationRequest {
  readonly method: string
  /** After `/configuration`: empty, or from a slash on. */
  readonly path: string
  readonly query: URLSearchParams
  /** Parsed; undefined where there is none. */
  readonly body: unknown
  readonly by: Actor
}

const place = z.array(z.string().min(1).max(200)).min(1).max(20)
const edit = z.union([
  z.strictObject({ set: place, value: z.unknown() }),
  z.strictObject({ add: place, value: z.unknown() }),
  z.strictObject({ remove: place }),
])
const draftShape = {
  text: z.string().optional(),
  edits: z.array(edit).max(10_000).optional(),
}
const draftBody = z.strictObject(draftShape)
const changeBody = z.strictObject({
  ...draftShape,
  comment: z.string().max(1_000).default(''),
  basedOn: z.number().int().min(0).optional(),
})

const MOST_VERSIONS = 200

/**
 * `GET /configuration` (the version that holds: text, origin of each setting), `PUT` (another text, or edits of the one
 * that holds; 409 where it was based on an older one), `POST /configuration/check` (what a draft would change),
 * `GET /configuration/versions?limit=&before=` and `GET /configuration/versions/<number>`; undefined for any other path.
 * What is wrong is said as `problems`, all of it, with 422.
 */
export async function answerConfiguration(
  request: ConfigurationRequest,
  desk: ConfigurationDesk,
): Promise<Answer | undefined> {
  const { method, path, query, body } = request
  if (path === '') {
    if (method === 'GET') {
      const { version, text, origins } = desk.current()
      return { status: 200, body: { ...version, text, origins: Object.fromEntries(origins) } }
    }
    return method === 'PUT' ? apply(request, desk) : undefined
  }
  if (path === '/check' && method === 'POST') {
    const given = draftBody.safeParse(body)
    const draft = given.success ? draftOf(given.data) : undefined
    if (!draft) return failed(400, WANTED)
    const checked = desk.check(draft)
    return checked.ok ? { status: 200, body: checked } : refused(checked.problems)
  }
  if (method !== 'GET') return undefined
  if (path === '/versions') return versions(query, desk)
  const number = /^\/versions\/(\d{1,15})$/.exec(path)?.[1]
  if (number === undefined) return undefined
  const text = desk.text(Number(number))
  const [version] = desk.versions(1, Number(number) + 1)
  if (text === undefined || version?.id !== Number(number)) return failed(404, `There is no version ${number}.`)
  return { status: 200, body: { ...version, text } }
}

const WANTED =
  'Send JSON with either "text", the whole configuration as YAML, or "edits", a list of { "set": [path], "value" }, ' +
  '{ "add": [path], "value" } and { "remove": [path] }.'

async function apply({ body, by }: ConfigurationRequest, desk: ConfigurationDesk): Promise<Answer> {
  const given = changeBody.safeParse(body)
  const draft = given.success ? draftOf(given.data) : undefined
  if (!given.success || !draft) return failed(400, WANTED)
  const { comment, basedOn } = given.data
  const applied = await desk.apply({ draft, by, comment, basedOn })
  if (applied.ok) return { status: 200, body: applied }
  if ('problems' in applied) return refused(applied.problems)
  return failed(409, `Version ${applied.holds} holds now, and this was made of version ${basedOn}: load it and repeat.`)
}

function draftOf({ text, edits }: z.output<typeof draftBody>): Draft | undefined {
  if (text !== undefined) return edits === undefined ? { text } : undefined
  return edits && { edits }
}

function versions(query: URLSearchParams, desk: ConfigurationDesk): Answer {
  const limit = Number(query.get('limit') ?? 50)
  const before = Number(query.get('before') ?? Number.MAX_SAFE_INTEGER)
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST_VERSIONS || !Number.isSafeInteger(before)) {
    return failed(400, `limit is a whole number from 1 to ${MOST_VERSIONS}, before the number of a version.`)
  }
  return { status: 200, body: { versions: desk.versions(limit, before) } }
}

const refused = (problems: readonly Problem[]): Answer => ({
  status: 422,
  body: { error: 'The configuration is refused, and nothing is changed.', problems },
})

const failed = (status: number, error: string): Answer => ({ status, body: { error } })
