import { z } from 'zod'
import type { Edit } from '../../config/edit.ts'
import type { CalibrationReport } from '../../core/calibration.ts'
import type { ReadProblem } from '../../core/diagnostics.ts'
import { ApiProblem, notFound } from '../api/problem.ts'
import { type Route, route } from '../api/route.ts'
import { calibration, lastCalibration, wantedCalibration } from '../api/schemas/calibration.ts'
import { changed } from '../api/schemas/configuration.ts'
import { actorOf } from './command-api-routes.ts'
import { change, matchOf, userOf } from './configuration/changing.ts'
import { orSilent, type WebService } from './service.ts'

const path = '/diagnostics/{source}/calibration'
const pathParameters = z.strictObject({ source: z.string() })
const right = 'configure'
const group = 'Diagnostics'

const statusOf: Readonly<Partial<Record<ReadProblem['problem'], number>>> = {
  unknown: 404,
  invalid: 400,
  busy: 409,
  unconnected: 503,
}

/** Measures what a device bears, as work that takes a while: begun, looked at, cancelled, and its result taken over. */
export function calibrationRoutes({ calibrations, drafts }: WebService): Route[] {
  const lastOf = (source: string) => orSilent(() => calibrations.calibration(source))
  return [
    route({
      method: 'POST',
      path,
      right,
      group,
      summary: 'Begin to measure what a Modbus device bears',
      description:
        'Reads carefully and writes nothing. The source is off its line meanwhile: its values are Uncertain and commands to ' +
        'its devices wait; it goes on by itself at the end, however that comes. 409 while one runs.',
      pathParameters,
      body: wantedCalibration,
      answer: calibration,
      status: 202,
      handle: async ({ path: { source }, body }, asked) => {
        const answer = await orSilent(() => calibrations.calibrate({ source, ...body, by: actorOf(asked) }))
        if (!('problem' in answer)) return answer
        const { problem, error } = answer
        throw new ApiProblem({
          status: statusOf[problem] ?? 502,
          code: `CALIBRATION_${problem.toUpperCase()}`,
          detail: error,
        })
      },
    }),
    route({
      method: 'GET',
      path,
      right,
      group,
      summary: 'How the calibration of a source goes, or what the last one found',
      pathParameters,
      answer: lastCalibration,
      handle: async ({ path: { source } }) => ({ calibration: await lastOf(source) }),
    }),
    route({
      method: 'DELETE',
      path,
      right,
      group,
      summary: 'Cancel the calibration of a source: its device is left alone at once',
      description: 'Answered with how it was at that moment; 404 where none runs.',
      pathParameters,
      answer: calibration,
      status: 202,
      handle: async ({ path: { source } }, asked) => {
        const found = await orSilent(() => calibrations.cancelCalibration(source, actorOf(asked)))
        if (found) return found
        throw notFound(`No device of "${source}" is being calibrated.`)
      },
    }),
    route({
      method: 'POST',
      path: `${path}/draft`,
      right,
      group,
      summary: 'Take the settings that the last calibration proposes into the configuration',
      description: 'Goes into your draft; with `If-Match: "v12"` it is applied at once, while version 12 holds.',
      pathParameters,
      answer: changed,
      handle: async ({ path: { source } }, asked) => {
        const last = await lastOf(source)
        if (!last) throw notFound(`No device of "${source}" was calibrated since the engine began.`)
        const edits = editsOf(last)
        const toEdit = matchOf(asked).version === undefined ? 'draft' : 'holding'
        await drafts.prepare(userOf(asked), { toEdit })
        if (edits.length > 0) return change(drafts, edits, asked)
        const detail = 'The last calibration of this source proposes no setting.'
        throw new ApiProblem({ status: 409, code: 'CALIBRATION_PROPOSES_NOTHING', detail })
      },
    }),
  ]
}

function editsOf({ source, device, proposal }: CalibrationReport): Edit[] {
  const at = ['sources', source]
  const ofSource = Object.entries(proposal?.source ?? {}).map(([name, value]) => ({ set: [...at, name], value }))
  const ofDevice = Object.entries(proposal?.device ?? {}).map(([name, value]) => ({
    set: [...at, 'devices', device, name],
    value,
  }))
  return [...ofSource, ...ofDevice]
}
