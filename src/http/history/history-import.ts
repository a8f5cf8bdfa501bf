import { z } from 'zod'
import type { Actor } from '../../core/command.ts'
import { isRetryable, PenstockError } from '../../core/errors.ts'
import type { AskedHistoryEdit, EditAnswer } from '../../core/history-edit.ts'
import type { RecordedSample } from '../../core/history-source.ts'
import { isBad } from '../../core/status-code.ts'
import { shapeNamed, valueIn } from '../../core/value-text.ts'
import type { Answer } from '../diagnosis.ts'

/** Who changes recorded values; rejects with ROOM_UNAVAILABLE or TIMEOUT without an engine. */
export interface HistoryDesk {
  editHistory(asked: AskedHistoryEdit): Promise<EditAnswer>
}

/** Samples of one request: some hundred milliseconds of the engine, in turns. */
const MOST_SAMPLES = 1_000

const time = z.number().int()
/** Source time, server time, StatusCode, and the value as text (`value-text.ts`), null where there is none. */
const sample = z.tuple([time, time, z.number().int().min(0).max(0xffff_ffff), z.string().nullable()])
const imported = z.strictObject({
  series: z
    .array(
      z.strictObject({
        tag: z
          .string()
          .regex(/^[^/]+\/[^/]+$/)
          .max(200),
        type: z.string(),
        samples: z.array(sample).min(1),
      }),
    )
    .min(1)
    .refine((all) => all.reduce((sum, { samples }) => sum + samples.length, 0) <= MOST_SAMPLES),
})
export type ImportedSeries = z.input<typeof imported>['series'][number]

const HOW =
  `Send { "series": [{ "tag": "device/tag", "type": "Double", "samples": [[sourceTime, serverTime, statusCode, value], …] }] }, ` +
  `with times in milliseconds, values as text or null, and at most ${MOST_SAMPLES} samples.`

/**
 * `POST /history`: records samples where there is none of the tag and time; answered when they are on disk, with how many
 * were `taken` and how many were there already (`duplicates`). The same may be sent again. A sample that is none has all
 * refused with 400.
 */
export async function answerHistoryImport(body: unknown, by: Actor, desk: HistoryDesk): Promise<Answer> {
  const given = imported.safeParse(body)
  if (!given.success) return failed(400, HOW)
  const edits = given.data.series.map(editOf)
  const wrong = edits.find((edit) => typeof edit === 'string')
  if (wrong !== undefined) return failed(400, wrong)
  let taken = 0
  let duplicates = 0
  try {
    for (const edit of edits) {
      if (typeof edit === 'string') continue
      const { outcomes } = await desk.editHistory({ by, edit })
      const inserted = outcomes.filter((outcome) => outcome === 'inserted').length
      taken += inserted
      duplicates += outcomes.length - inserted
    }
  } catch (error) {
    if (!(error instanceof PenstockError && isRetryable(error))) throw error
    return failed(503, 'The engine does not answer just now; import the same file again, what is there already stays.')
  }
  return { status: 200, body: { taken, duplicates } }
}

function editOf({
  tag,
  type,
  samples,
}: z.output<typeof imported>['series'][number]): AskedHistoryEdit['edit'] | string {
  const shape = shapeNamed(type)
  if (!shape) return `${type} is no data type such as Double or Int16[3].`
  const read: RecordedSample[] = []
  for (const [sourceTime, serverTime, status, text] of samples) {
    const value = text === null ? null : valueIn(shape, text)
    if (value === undefined) return `${tag}: ${text} is no ${type}.`
    if (value === null && !isBad(status)) return `${tag}: a sample without a value needs a Bad status.`
    read.push({ value, status, sourceTime, serverTime })
  }
  return { kind: 'write', mode: 'insert', series: { tag, shape }, samples: read }
}

const failed = (status: number, error: string): Answer => ({ status, body: { error } })
