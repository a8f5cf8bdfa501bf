import { z } from 'zod'
import type { Drafts } from '../../../config/drafts.ts'
import { apiKeyEnvOf, environmentNamePattern } from '../../../config/names.ts'
import { settingOf } from '../../../config/raw.ts'
import { ApiProblem, notFound } from '../../api/problem.ts'
import { type Route, route } from '../../api/route.ts'
import { secretPlaces } from '../../api/schemas/setup.ts'
import { actorOf } from '../command-api-routes.ts'
import { userOf } from '../configuration/changing.ts'
import type { WebService } from '../service.ts'

const named = z.strictObject({ variable: z.string().regex(environmentNamePattern) })
const group = 'Set-up'
const right = 'configure'

/** API keys of sources, where nobody can set the environment of the gateway. They are taken, and never answered. */
export function secretRoutes({ drafts, secretsDesk }: WebService): Route[] {
  const meant = (variable: string, user: string): void => {
    if (apiKeysIn(drafts, user).some((each) => each.variable === variable)) return
    throw notFound(`No source of ChirpStack, of your draft or of the configuration, has its API key in ${variable}.`)
  }
  return [
    route({
      method: 'GET',
      path: '/configuration/secrets',
      right,
      group,
      summary: 'Where the API keys of the sources of your draft come from; never what they are',
      answer: secretPlaces,
      handle: async (_input, asked) => ({
        secrets: apiKeysIn(drafts, userOf(asked)).map((each) => ({
          ...each,
          from: secretsDesk.originOf(each.variable),
        })),
      }),
    }),
    route({
      method: 'PUT',
      path: '/configuration/secrets/{variable}',
      right,
      group,
      summary: 'Keep an API key in a file of the data folder that only its owner can read',
      description:
        '409 where the environment of the gateway says what it is. Sources that run with it are given it at once.',
      pathParameters: named,
      body: z.strictObject({ value: z.string().min(1).max(4_096) }),
      answer: z.void(),
      handle: async ({ path, body }, asked) => {
        const { variable } = path
        meant(variable, userOf(asked))
        const from = secretsDesk.originOf(variable)
        if (from === 'environment' || from === 'file') {
          const detail = `${variable} is set in the environment of the gateway, which decides; change it there.`
          throw new ApiProblem({ status: 409, code: 'SET_BY_ENVIRONMENT', detail })
        }
        await secretsDesk.keep(variable, body.value.trim(), actorOf(asked))
      },
    }),
    route({
      method: 'DELETE',
      path: '/configuration/secrets/{variable}',
      right,
      group,
      summary: 'Remove an API key from the data folder',
      pathParameters: named,
      answer: z.void(),
      handle: async ({ path }, asked) => {
        if (await secretsDesk.forget(path.variable, actorOf(asked))) return
        throw notFound(`Nothing is kept of ${path.variable}.`)
      },
    }),
  ]
}

interface NamedKey {
  readonly variable: string
  readonly source: string
}

function apiKeysIn(drafts: Drafts, user: string): NamedKey[] {
  const sources = settingOf(drafts.document(user), 'sources')
  if (!Array.isArray(sources)) return []
  return sources.flatMap((source: unknown): NamedKey[] => {
    const key = settingOf(source, 'key')
    if (settingOf(source, 'kind') !== 'chirpstack' || typeof key !== 'string') return []
    const variable = settingOf(source, 'apiKeyEnv') ?? apiKeyEnvOf(key)
    return typeof variable === 'string' && environmentNamePattern.test(variable) ? [{ variable, source: key }] : []
  })
}
