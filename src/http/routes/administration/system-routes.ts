import { z } from 'zod'
import type { Origin, Origins } from '../../../config/origins.ts'
import { segmentsOf, valueAt } from '../../../config/raw.ts'
import { configSchema } from '../../../config/schema.ts'
import { defaultOf, describedBy, schemaAt } from '../../../config/schema-walk.ts'
import { describeError, PenstockError } from '../../../core/errors.ts'
import { ApiProblem, notFound } from '../../api/problem.ts'
import { type Route, route } from '../../api/route.ts'
import {
  backups,
  madeBackup,
  type SettingsAnswer,
  settings,
  system,
  verifiedBackup,
} from '../../api/schemas/administration.ts'
import { actorOf } from '../command-api-routes.ts'
import type { WebService } from '../service.ts'

const group = 'System'
const right = 'administerSecurity'
/** What makes the plant, which other pages show. */
const ofPlant = ['sources', 'templates']

/** The program, its settings and its backups. */
export function systemRoutes(service: WebService): Route[] {
  const { system: desk, clock } = service
  const settingsNow = settingsOf(service)
  return [
    route({
      method: 'GET',
      path: '/system',
      right: 'read',
      group,
      summary: 'Version, licence, machine, and what the data folder takes',
      answer: system,
      handle: async () => ({ ...(await desk.facts()), now: clock.now() }),
    }),
    route({
      method: 'GET',
      path: '/settings',
      right: 'configure',
      group,
      summary: 'Every setting beside the plant, and where its value comes from',
      answer: settings,
      etag: true,
      handle: async () => settingsNow(),
    }),
    route({
      method: 'GET',
      path: '/backups',
      right,
      group,
      summary: 'The backups that there are, the newest first',
      description: 'One is restored while the gateway is stopped: `penstock restore`.',
      answer: backups,
      handle: async () => {
        const { keep = null, ...known } = desk.backups()
        return { ...known, keep }
      },
    }),
    route({
      method: 'POST',
      path: '/backups',
      right,
      group,
      summary: 'Make a backup now',
      description: 'Answered when it is verified; the gateway goes on meanwhile.',
      answer: madeBackup,
      status: 201,
      handle: async (_input, asked) => orFailed(() => desk.backUp(actorOf(asked))),
    }),
    route({
      method: 'POST',
      path: '/backups/{name}/verify',
      right,
      group,
      summary: 'Check a backup: every file against its hash, every database by SQLite',
      pathParameters: z.strictObject({ name: z.string().max(100) }),
      answer: verifiedBackup,
      handle: async ({ path }) => {
        const verified = await orFailed(() => desk.verifyBackup(path.name))
        if (!verified) throw notFound(`There is no backup "${path.name}".`)
        return verified
      },
    }),
  ]
}

async function orFailed<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error
    throw new ApiProblem({ status: 409, code: error.code, detail: describeError(error) })
  }
}

/** A configuration takes long to look through, and is the same until another version holds. */
function settingsOf({ configuration, drafts, system: desk }: WebService): () => SettingsAnswer {
  let known: { readonly version: number; readonly answer: SettingsAnswer } | undefined
  return () => {
    const version = drafts.holds.id
    if (known?.version === version) return known.answer
    const { text, origins } = configuration.current()
    const answer = {
      settings: listed(origins, configuration.texts.valuesOf(text), desk.settings),
      restart: [...configuration.judge(text).restart],
    }
    known = { version, answer }
    return answer
  }
}

/** As each stands in the file, or would; of one that the environment gives, as the gateway runs with it. */
function listed(origins: Origins, written: unknown, running: unknown): SettingsAnswer['settings'] {
  return [...origins].flatMap(([path, origin]) => {
    const at = segmentsOf(path)
    const schema = schemaAt(configSchema, at, written)
    if (!schema || ofPlant.includes(String(at[0]))) return []
    const { description = '', otherwise } = describedBy(schema)
    const preset = defaultOf(schema).value
    const value = { file: () => valueAt(written, at), environment: () => valueAt(running, at), default: () => preset }
    return [
      {
        path,
        value: value[origin.from]() ?? null,
        description,
        ...(origin.from === 'default' && otherwise !== undefined ? { otherwise } : {}),
        ...originOf(origin),
      },
    ]
  })
}

function originOf(origin: Origin): Pick<SettingsAnswer['settings'][number], 'origin' | 'line' | 'variable'> {
  if (origin.from === 'file') return { origin: 'file', line: origin.line }
  return origin.from === 'environment' ? { origin: 'environment', variable: origin.variable } : { origin: 'default' }
}
