import type { z } from 'zod'
import { dividesDay, isAggregable, type WindowConfig, windowFunctions } from '../core/aggregate-windows.ts'
import type { DataType } from '../core/data-type.ts'
import { complain } from './complaint.ts'
import { choice, duration, list, section } from './fields.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const MOST_WINDOWS = 8

const aggregateWindow = section('Windows of a length, and what is made of the samples of each.', {
  window: duration({
    description: 'How long each is; they begin at midnight UTC, so it has to divide a day.',
    low: SECOND,
    high: HOUR,
    example: '15m',
  }),
  functions: list(
    choice(windowFunctions, { description: 'What is made of the samples.', example: 'average' }),
    'Each is a tag of its own, `<tag>-<window>-<function>`.',
  )
    .min(1)
    .default(() => [...windowFunctions]),
  history: choice(['every', 'off'], { description: 'Whether the results are kept as history.' }).default('every'),
})
  .superRefine(({ window, functions }, context) => {
    if (!dividesDay(window) || window % SECOND !== 0) {
      const mend = 'Write for example 1s, 10s, 1m, 15m or 1h.'
      complain(context, [{ at: ['window'], message: 'A day cannot be divided into windows of this length.', mend }])
    }
    const twice = functions.findIndex((each, at) => functions.indexOf(each) !== at)
    if (twice < 0) return
    complain(context, [{ at: ['functions', twice], message: 'It is there twice.', mend: 'Remove one of them.' }])
  })
  .transform(({ window, functions, history }): WindowConfig => ({ windowMs: window, functions, history }))

/** The windows of a tag, or of all numbers of a device. */
export const aggregates = list(
  aggregateWindow,
  'Windows of time whose minimum, maximum, average and count are tags of their own; of a device, for all its numbers.',
)
  .max(MOST_WINDOWS)
  .superRefine((windows, context) => {
    const lengths = windows.map(({ windowMs }) => windowMs)
    const twice = lengths.findIndex((each, at) => lengths.indexOf(each) !== at)
    if (twice < 0) return
    const mend = 'Put the functions of both into one.'
    complain(context, [{ at: [twice, 'window'], message: 'There are windows of this length already.', mend }])
  })

/** What windows demand of the rest of their tag. */
export function checkAggregates(
  tag: {
    type: DataType
    arrayLength?: number | undefined
    aggregates?: readonly WindowConfig[] | undefined
  },
  context: z.core.$RefinementCtx,
): void {
  if ((tag.aggregates ?? []).length === 0 || isAggregable(tag)) return
  const message = `${tag.arrayLength === undefined ? `A ${tag.type}` : 'An array'} cannot be aggregated.`
  complain(context, [{ at: ['aggregates'], message, mend: 'Remove the aggregates, or make the type a number.' }])
}
