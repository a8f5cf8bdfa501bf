import type { AggregateName } from '../../../../src/core/aggregates/functions.ts'
import type { AggregateConfiguration } from '../../../../src/core/aggregates/quality.ts'

/**
 * The example historians of OPC 10000-13 annex A and what it publishes for them, as in its AggregateExamples.csv
 * (http://www.opcfoundation.org/UA/schemas/1.05/AggregateExamples.csv). A time is minutes:seconds after 12:00; a sample
 * is `time value`, with `U` for Uncertain, or `time B` for Bad. Each read is from 12:00:00 to 12:01:40.
 */
export interface Historian {
  readonly samples: string
  readonly stepped: boolean
  readonly config: AggregateConfiguration
}

const config = (
  treatUncertainAsBad: boolean,
  percentData: number,
  useSlopedExtrapolation: boolean,
): AggregateConfiguration => ({
  treatUncertainAsBad,
  percentDataBad: percentData,
  percentDataGood: percentData,
  useSlopedExtrapolation,
})

const irregular =
  '0:02 10, 0:25 20, 0:28 25, 0:39 30, 0:42 B, 0:48 40, 0:52 50, 1:12 60, 1:17 70U, 1:23 70, 1:26 80, 1:30 90'

export const historians = {
  1: {
    samples: '0:10 10, 0:20 20, 0:30 30, 0:40 B, 0:50 50, 1:00 60, 1:10 70U, 1:20 80, 1:30 90',
    stepped: false,
    config: config(false, 100, false),
  },
  2: { samples: irregular, stepped: false, config: config(true, 100, true) },
  3: { samples: irregular, stepped: true, config: config(true, 50, false) },
  5: {
    samples:
      '0:02 10, 0:25 20, 0:28 10, 0:39 30, 0:42 B, 0:48 30, 0:52 50, 1:12 30, 1:17 70U, 1:23 70, 1:26 80, 1:30 70',
    stepped: false,
    config: config(false, 100, false),
  },
} as const satisfies Record<number, Historian>

/** The results in order, each `value status`: G Good, U UncertainDataSubNormal, u Uncertain, B Bad, - BadNoData. */
export interface Example {
  readonly aggregate: AggregateName
  readonly historian: keyof typeof historians
  /** Seconds. */
  readonly interval: number
  readonly results: string
}

/** With c Calculated, i Interpolated, p Partial, m MultipleValues behind the status. */
export const examples: readonly Example[] = [
  {
    aggregate: 'Interpolative',
    historian: 1,
    interval: 5,
    results:
      '-, -, 10 G, 15 Gi, 20 G, 25 Gi, 30 G, 35 Ui, 40 Ui, 45 Ui, 50 G, 55 Gi, 60 G, 65 Ui, 70 u, 75 Ui, 80 G, 85 Gi, 90 G, 90 Ui',
  },
  {
    aggregate: 'Interpolative',
    historian: 2,
    interval: 5,
    results:
      '-, 11.304 Gi, 13.478 Gi, 15.652 Gi, 17.826 Gi, 20 G, 25.909 Gi, 28.182 Gi, 31.111 Ui, 36.667 Ui, 45 Gi, 51.5 Gi, 54 Gi, 56.5 Gi, 59 Gi, 62.727 Ui, 67.273 Ui, 76.667 Gi, 90 G, 102.5 Ui',
  },
  {
    aggregate: 'Interpolative',
    historian: 3,
    interval: 5,
    results:
      '-, 10 Gi, 10 Gi, 10 Gi, 10 Gi, 20 G, 25 Gi, 25 Gi, 30 Gi, 30 Ui, 40 Gi, 50 Gi, 50 Gi, 50 Gi, 50 Gi, 60 Gi, 60 Ui, 70 Gi, 90 G, 90 Ui',
  },
  {
    aggregate: 'Interpolative',
    historian: 5,
    interval: 5,
    results:
      '-, 11.3043 Gi, 13.4783 Gi, 15.6522 Gi, 17.8261 Gi, 20 G, 13.6364 Gi, 22.7273 Gi, 30 Ui, 30 Ui, 40 Gi, 47 Gi, 42 Gi, 37 Gi, 32 Gi, 54 Ui, 70 Ui, 76.6667 Gi, 70 G, 70 Ui',
  },
  {
    aggregate: 'Average',
    historian: 1,
    interval: 5,
    results: '-, -, 10 Gc, -, 20 Gc, -, 30 Gc, -, -, -, 50 Gc, -, 60 Gc, -, -, -, 80 Gc, -, 90 Gc, -',
  },
  {
    aggregate: 'Average',
    historian: 2,
    interval: 5,
    results: '10 Gc, -, -, -, -, 22.5 Gc, -, 30 Gc, -, 40 Gc, 50 Gc, -, -, -, 60 Gc, -, 70 Gc, 80 Gc, 90 Gc, -',
  },
  {
    aggregate: 'Average',
    historian: 3,
    interval: 5,
    results: '10 Gc, -, -, -, -, 22.5 Gc, -, 30 Gc, -, 40 Gc, 50 Gc, -, -, -, 60 Gc, -, 70 Gc, 80 Gc, 90 Gc, -',
  },
  {
    aggregate: 'Average',
    historian: 5,
    interval: 5,
    results: '10 Gc, -, -, -, -, 15 Gc, -, 30 Gc, -, 30 Gc, 50 Gc, -, -, -, 30 Gc, -, 70 Gc, 80 Gc, 70 Gc, -',
  },
  {
    aggregate: 'TimeAverage',
    historian: 1,
    interval: 5,
    results:
      '-, -, 12.5 Gc, 17.5 Gc, 22.5 Gc, 27.5 Gc, 32.5 Uc, 37.5 Uc, 42.5 Uc, 47.5 Uc, 52.5 Gc, 57.5 Gc, 62.5 Uc, 67.5 Uc, 72.5 Uc, 77.5 Uc, 82.5 Gc, 87.5 Gc, 90 Ucp, -',
  },
  {
    aggregate: 'TimeAverage',
    historian: 2,
    interval: 5,
    results:
      '10.652 Ucp, 12.391 Gc, 14.565 Gc, 16.739 Gc, 18.913 Gc, 23.682 Gc, 27.045 Gc, 29.384 Uc, 33.889 Uc, 40 Uc, 49.45 Gc, 52.75 Gc, 55.25 Gc, 57.75 Gc, 60.618 Uc, 65 Uc, 70.515 Uc, 83.667 Gc, 96.25 Ucp, -',
  },
  {
    aggregate: 'TimeAverage',
    historian: 3,
    interval: 5,
    results:
      '10.652 Ucp, 12.391 Gc, 14.565 Gc, 16.739 Gc, 18.913 Gc, 23.682 Gc, 27.045 Gc, 29.384 Uc, 33.889 Uc, 40 Uc, 49.45 Gc, 52.75 Gc, 55.25 Gc, 57.75 Gc, 60.618 Uc, 65 Uc, 70.515 Uc, 83.667 Gc, 90 Ucp, -',
  },
  {
    aggregate: 'TimeAverage',
    historian: 5,
    interval: 5,
    results:
      '10.6522 Ucp, 12.3913 Gc, 14.5652 Gc, 16.7391 Gc, 18.913 Gc, 13.7273 Gc, 18.1818 Gc, 27.0909 Uc, 30 Uc, 32 Uc, 47.1 Gc, 44.5 Gc, 39.5 Gc, 34.5 Gc, 37.6 Uc, 66.8 Uc, 71.3333 Uc, 75.6667 Gc, 70 Ucp, -',
  },
  { aggregate: 'Minimum', historian: 1, interval: 16, results: '10 Gcp, 20 Gc, -, 50 Gc, -, 80 Gp, -' },
  { aggregate: 'Minimum', historian: 2, interval: 16, results: '10 Gcp, 20 Gc, 30 Uc, 40 G, 60 Uc, 70 Gcp, -' },
  { aggregate: 'Minimum', historian: 3, interval: 16, results: '10 Gcp, 20 Gc, 30 Uc, 40 G, 60 Uc, 70 Gcp, -' },
  { aggregate: 'Minimum', historian: 5, interval: 16, results: '10 Gcp, 10 Gc, 30 Uc, 30 G, 30 Gc, 70 Gcmp, -' },
  { aggregate: 'Maximum', historian: 1, interval: 16, results: '10 Gcp, 30 Gc, -, 60 Gc, -, 90 Gcp, -' },
  { aggregate: 'Maximum', historian: 2, interval: 16, results: '10 Gcp, 25 Gc, 30 Uc, 50 Gc, 60 Uc, 90 Gcp, -' },
  { aggregate: 'Maximum', historian: 3, interval: 16, results: '10 Gcp, 25 Gc, 30 Uc, 50 Gc, 60 Uc, 90 Gcp, -' },
  // Of the fifth interval the file says Good, but an Uncertain 70 is there, and by §5.4.3.11 that makes it Uncertain.
  { aggregate: 'Maximum', historian: 5, interval: 16, results: '10 Gcp, 20 Gc, 30 Uc, 50 Gc, 30 Uc, 80 Gcp, -' },
  { aggregate: 'Count', historian: 1, interval: 16, results: '1 Gcp, 2 Gc, B, 2 Gc, 0 Uc, 2 Gcp, -' },
  { aggregate: 'Count', historian: 2, interval: 16, results: '1 Gcp, 2 Gc, 1 Uc, 2 Gc, 1 Uc, 3 Gcp, -' },
  { aggregate: 'Count', historian: 3, interval: 16, results: '1 Gcp, 2 Gc, 1 Gc, 2 Gc, 1 Gc, 3 Gcp, -' },
  { aggregate: 'Count', historian: 5, interval: 16, results: '1 Gcp, 2 Gc, 1 Uc, 2 Gc, 1 Uc, 3 Gcp, -' },
  {
    aggregate: 'Start',
    historian: 1,
    interval: 16,
    results: '0:10 10 Gp, 0:20 20 G, 0:40 B, 0:50 50 G, 1:10 70 u, 1:20 80 Gp, 1:36 -',
  },
  {
    aggregate: 'Start',
    historian: 2,
    interval: 16,
    results: '0:02 10 Gp, 0:25 20 G, 0:39 30 G, 0:48 40 G, 1:12 60 G, 1:23 70 Gp, 1:36 -',
  },
  {
    aggregate: 'Start',
    historian: 5,
    interval: 16,
    results: '0:02 10 Gp, 0:25 20 G, 0:39 30 G, 0:48 30 G, 1:12 30 G, 1:23 70 Gp, 1:36 -',
  },
  {
    aggregate: 'End',
    historian: 1,
    interval: 16,
    results: '0:10 10 Gp, 0:30 30 G, 0:40 B, 1:00 60 G, 1:10 70 u, 1:30 90 Gp, 1:36 -',
  },
  {
    aggregate: 'End',
    historian: 2,
    interval: 16,
    results: '0:02 10 Gp, 0:28 25 G, 0:42 B, 0:52 50 G, 1:17 70 u, 1:30 90 Gp, 1:36 -',
  },
  {
    aggregate: 'End',
    historian: 5,
    interval: 16,
    results: '0:02 10 Gp, 0:28 10 G, 0:42 B, 0:52 50 G, 1:17 70 u, 1:30 70 Gp, 1:36 -',
  },
  {
    aggregate: 'StandardDeviationSample',
    historian: 1,
    interval: 20,
    results: '0 Gcp, 7.071 Gc, 0 Uc, 0 Uc, 7.071 Gcp',
  },
  {
    aggregate: 'StandardDeviationSample',
    historian: 2,
    interval: 20,
    results: '0 Gcp, 5 Gc, 7.071 Uc, 0 Uc, 10 Gcp',
  },
  {
    aggregate: 'StandardDeviationSample',
    historian: 3,
    interval: 20,
    results: '0 Gcp, 5 Gc, 7.071 Uc, 0 Uc, 10 Gcp',
  },
  {
    aggregate: 'StandardDeviationSample',
    historian: 5,
    interval: 20,
    results: '0 Gcp, 10 Gc, 14.142 Uc, 0 Uc, 5.7735 Gcp',
  },
]
