import { z } from 'zod'
import { ApiProblem } from '../../api/problem.ts'
import { type Route, route } from '../../api/route.ts'
import { testReport } from '../../api/schemas/setup.ts'
import { actorOf } from '../command-api-routes.ts'
import { LONGEST_CONFIGURATION } from '../configuration/changing.ts'
import type { WebService } from '../service.ts'

/** Tries a source that does not run yet. */
export const connectionRoutes = ({ connections }: WebService): Route[] => [
  route({
    method: 'POST',
    path: '/configuration/test',
    right: 'configure',
    group: 'Set-up',
    summary: 'Try a source before it is applied: how far one gets towards it, step by step',
    description:
      'Takes the definition as the configuration would have it, which need not be whole. It is tried over a connection of ' +
      'its own, which ends with the test (at most 20 s); where the running gateway is connected to the same device, over ' +
      'that one. Secrets of the running configuration go nowhere but where it sends them.',
    body: z.strictObject({
      source: z.record(z.string(), z.unknown()),
      apiKey: z.string().max(4_096).optional().describe('Of ChirpStack; for this test only.'),
    }),
    longestBody: LONGEST_CONFIGURATION,
    answer: testReport,
    handle: async ({ body }, asked) => {
      const report = await connections.test(body, actorOf(asked))
      if (report) return JSON.parse(JSON.stringify(report)) as typeof report
      const detail = 'Other connections are being tested just now; try again in some seconds.'
      throw new ApiProblem({ status: 429, code: 'TEST_BUSY', detail, headers: { 'Retry-After': '5' } })
    },
  }),
]
