import type {
  FrameTrace,
  IdentityAnswer,
  ReadAnswer,
  ReadProblem,
  SourceDiagnostics,
  WantedIdentity,
  WantedReading,
} from '../core/diagnostics.ts'
import { PenstockError } from '../core/errors.ts'
import { isLoopback } from '../core/loopback.ts'

/** What is asked of the engine; all reject with ROOM_UNAVAILABLE or TIMEOUT while it does not answer. */
export interface Diagnosis {
  diagnostics(source?: string): Promise<readonly SourceDiagnostics[]>
  /** null: nothing is traced of this source. */
  frames(source: string, after: number): Promise<FrameTrace | null>
  readOnce(wanted: WantedReading): Promise<ReadAnswer>
  identify(wanted: WantedIdentity): Promise<IdentityAnswer>
}

/** Who asks: the address it comes from, and, of a browser, what it says of the page (Fetch Metadata, `Sec-Fetch-Site`). */
export interface Asker {
  readonly address: string | undefined
  readonly fetchSite?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body: object
}

const READ_SETTINGS = ['device', 'address', 'type', 'encoding', 'byteOrder', 'wordOrder', 'order', 'length'] as const

const statusOf: Readonly<Record<ReadProblem['problem'], number>> = {
  unknown: 404,
  invalid: 400,
  busy: 429,
  unconnected: 503,
  unanswered: 504,
  refused: 502,
}

/**
 * `/diagnostics`, `/diagnostics/<source>`, `/diagnostics/<source>/frames?after=<number>`,
 * `/diagnostics/<source>/read?device=<key>&address=<address>` and `/diagnostics/<source>/identify?device=<key>`; undefined for
 * any other path. Whatever goes wrong is
 * said as `error` in words: 400 what is asked for cannot be, 403 a device is not read for this asker, 404 it is not there, 429 something else is being asked of the source,
 * 502 the device does not tell, 503 the engine does not answer or the device is not connected, 504 the device does not answer.
 */
export async function answerDiagnosis(
  path: string,
  query: URLSearchParams,
  asker: Asker,
  diagnosis: Diagnosis,
): Promise<Answer | undefined> {
  const [, root, source, what, more] = path.split('/').map(decoded)
  if (root !== 'diagnostics' || more !== undefined) return undefined
  if (what !== undefined && !['frames', 'read', 'identify'].includes(what)) return undefined
  try {
    if (source === undefined) return { status: 200, body: { sources: await diagnosis.diagnostics() } }
    if (what === 'read') return refusalOf(asker) ?? (await read(source, query, diagnosis))
    if (what === 'identify') return refusalOf(asker) ?? (await identify(source, query, diagnosis))
    const [found] = await diagnosis.diagnostics(source)
    if (!found) return failed(404, `There is no source with the key "${source}".`)
    return what === undefined ? { status: 200, body: found } : await frames(source, query, diagnosis)
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error
    return failed(503, 'The engine does not answer just now; ask again.')
  }
}

async function frames(source: string, query: URLSearchParams, diagnosis: Diagnosis): Promise<Answer> {
  const after = Number(query.get('after') ?? 0)
  if (!Number.isSafeInteger(after) || after < 0) {
    return failed(400, 'after is the number of a frame, a whole number from 0.')
  }
  const trace = await diagnosis.frames(source, after)
  if (trace) return { status: 200, body: trace }
  return failed(404, `The source "${source}" runs no connection whose frames are kept.`)
}

async function read(source: string, query: URLSearchParams, diagnosis: Diagnosis): Promise<Answer> {
  const settings: readonly string[] = READ_SETTINGS
  const unknown = [...query.keys()].find((name) => !settings.includes(name))
  if (unknown !== undefined) return failed(400, `There is no setting "${unknown}"; there are ${settings.join(', ')}.`)
  const given = READ_SETTINGS.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ''] as const] : []))
  const address = query.get('address')
  if (address === null) return failed(400, 'Say which address: ?device=<key>&address=holding:100, for example.')
  const answer = await diagnosis.readOnce({ source, ...Object.fromEntries(given), address })
  return 'problem' in answer ? failed(statusOf[answer.problem], answer.error) : { status: 200, body: answer }
}

async function identify(source: string, query: URLSearchParams, diagnosis: Diagnosis): Promise<Answer> {
  const unknown = [...query.keys()].find((name) => name !== 'device')
  if (unknown !== undefined) return failed(400, `There is no setting "${unknown}"; there is device.`)
  const answer = await diagnosis.identify({ source, device: query.get('device') ?? undefined })
  return 'problem' in answer ? failed(statusOf[answer.problem], answer.error) : { status: 200, body: answer }
}

/** Nobody logs in here: a device is asked only for whoever is on this machine, and not for a page that lured a browser. */
function refusalOf({ address, fetchSite }: Asker): Answer | undefined {
  if (address === undefined || !isLoopback(address)) {
    return failed(403, 'A device is read for askers on the machine of the gateway only; run penstock read-once there.')
  }
  if (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none') return undefined
  return failed(403, 'A device is not read for a page of another site.')
}

const failed = (status: number, error: string): Answer => ({ status, body: { error } })

/** As it was before it became part of a path; what is no such text stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
