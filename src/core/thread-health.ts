import type { Milliseconds } from './clock.ts'

/** What became of the spans of a thread since it began. */
export interface TraceHealth {
  readonly exported: number
  /** The collector did not take them, or they found no place while they waited. */
  readonly dropped: number
  readonly waiting: number
}

/** How a thread is. */
export interface ThreadHealth {
  readonly heapUsedBytes: number
  /** Beyond which V8 ends it, or the process. */
  readonly heapLimitBytes: number
  /** How late its event loop was in the last one to two minutes. */
  readonly loopDelay: { readonly p50Ms: Milliseconds; readonly p99Ms: Milliseconds; readonly maxMs: Milliseconds }
  /** Absent: nothing is traced. */
  readonly traces?: TraceHealth | undefined
}
