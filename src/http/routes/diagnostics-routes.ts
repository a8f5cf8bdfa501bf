import { z } from 'zod'
import type { ReadProblem } from '../../core/diagnostics.ts'
import { ApiProblem, engineSilent, notFound } from '../api/problem.ts'
import { type Route, route } from '../api/route.ts'
import { diagnostics, frameTrace, identity, reading, sourceDiagnostics } from '../api/schemas/diagnostics.ts'
import { findings } from '../api/schemas/discovery.ts'
import { orSilent, type WebService } from './service.ts'

const ofSource = z.strictObject({ source: z.string() })

const wanted = z.strictObject({
  device: z.string().optional().describe('Its key; may be left out where the source has one device.'),
  address: z.string().min(1).max(200).describe("In the protocol's own notation: `holding:100`, `DB1,REAL4`."),
  type: z.string().optional().describe('OPC UA data type; absent: what the address says.'),
  encoding: z.string().optional(),
  byteOrder: z.string().optional(),
  wordOrder: z.string().optional(),
  order: z.string().optional(),
  length: z.string().optional(),
})

const statusOf: Readonly<Record<ReadProblem['problem'], number>> = {
  unknown: 404,
  invalid: 400,
  busy: 429,
  unconnected: 503,
  unanswered: 504,
  refused: 502,
}

/** How the requests of sources fare, what goes over their connections, and what was found beside the configuration. */
export function diagnosticsRoutes(service: WebService): Route[] {
  const { diagnosis } = service
  return [
    route({
      method: 'GET',
      path: '/diagnostics',
      right: 'read',
      group: 'Diagnostics',
      summary: 'How the requests of every source fare',
      answer: diagnostics,
      handle: async () => ({ sources: await orSilent(() => diagnosis.diagnostics()) }),
    }),
    route({
      method: 'GET',
      path: '/diagnostics/{source}',
      right: 'read',
      group: 'Diagnostics',
      summary: 'How the requests of one source fare',
      pathParameters: ofSource,
      answer: sourceDiagnostics,
      handle: async ({ path }) => {
        const [found] = await orSilent(() => diagnosis.diagnostics(path.source))
        if (!found) throw notFound(`There is no source with the key "${path.source}".`)
        return found
      },
    }),
    route({
      method: 'GET',
      path: '/diagnostics/{source}/frames',
      right: 'read',
      group: 'Diagnostics',
      summary: 'What goes over the connection of a source, in bytes and in words',
      pathParameters: ofSource,
      query: z.strictObject({
        after: z.coerce.number().int().min(0).default(0).describe('Only frames with a greater number.'),
      }),
      answer: frameTrace,
      handle: async ({ path, query }) => {
        const trace = await orSilent(() => diagnosis.frames(path.source, query.after))
        if (trace) return trace
        throw notFound(`The source "${path.source}" runs no connection whose frames are kept.`)
      },
    }),
    route({
      method: 'POST',
      path: '/diagnostics/{source}/read',
      right: 'command',
      group: 'Diagnostics',
      summary: 'Read one address of a device, between two polls',
      pathParameters: ofSource,
      body: wanted,
      answer: reading,
      handle: async ({ path, body }) => {
        const answer = await orSilent(() => diagnosis.readOnce({ source: path.source, ...body }))
        if (!('problem' in answer)) {
          const { frames, value, ...report } = answer
          return { ...report, value: jsonValue(value), ...(frames ? { frames: [...frames] } : {}) }
        }
        const { problem, error } = answer
        throw new ApiProblem({ status: statusOf[problem], code: `READ_${problem.toUpperCase()}`, detail: error })
      },
    }),
    route({
      method: 'POST',
      path: '/diagnostics/{source}/identify',
      right: 'command',
      group: 'Diagnostics',
      summary: 'Ask a device what it is, between two polls',
      pathParameters: ofSource,
      body: wanted.pick({ device: true }),
      answer: identity,
      handle: async ({ path, body }) => {
        const answer = await orSilent(() => diagnosis.identify({ source: path.source, ...body }))
        if (!('problem' in answer)) return { ...answer, facts: [...answer.facts] }
        const { problem, error } = answer
        throw new ApiProblem({ status: statusOf[problem], code: `READ_${problem.toUpperCase()}`, detail: error })
      },
    }),
    route({
      method: 'GET',
      path: '/findings',
      right: 'read',
      group: 'Discovery',
      summary: 'What sources found beside the configuration: devices that wait for an operator, and drift',
      answer: findings,
      etag: true,
      handle: async () => {
        const sources = await service.findings()
        if (!sources) throw engineSilent()
        return { sources }
      },
    }),
  ]
}

type ReadValue = z.output<typeof reading>['value']
const jsonValue = (value: unknown): ReadValue => JSON.parse(JSON.stringify(value)) as ReadValue
