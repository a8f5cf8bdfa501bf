import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { ThreadHealth } from '../core/thread-health.ts'

/** How often the event loop is asked for a turn; a delay is what it took beyond that. */
const RESOLUTION: Milliseconds = 20
const WINDOW: Milliseconds = 60_000

type Histogram = ReturnType<typeof monitorEventLoopDelay>
type Delay = ThreadHealth['loopDelay']
const none: Delay = { p50Ms: 0, p99Ms: 0, maxMs: 0 }

/**
 * How late the event loop of this thread is, and how full its heap. Whoever asks, however often, gets the worse of this
 * minute and the one before: one long turn shows, and does so for no more than two minutes.
 */
export class ThreadGauge {
  readonly #histogram: Histogram
  readonly #stopTimer: () => void
  #before: Delay = none

  constructor(clock: Clock) {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
    this.#histogram.enable()
    this.#stopTimer = clock.every(WINDOW, () => {
      this.#before = delayIn(this.#histogram)
      this.#histogram.reset()
    })
  }

  health(): Omit<ThreadHealth, 'traces'> {
    const { used_heap_size: heapUsedBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics()
    const now = delayIn(this.#histogram)
    const worse = (name: keyof Delay) => Math.max(now[name], this.#before[name])
    return {
      heapUsedBytes,
      heapLimitBytes,
      loopDelay: { p50Ms: worse('p50Ms'), p99Ms: worse('p99Ms'), maxMs: worse('maxMs') },
    }
  }

  stop(): void {
    this.#stopTimer()
    this.#histogram.disable()
  }
}

function delayIn(histogram: Histogram): Delay {
  if (histogram.count === 0) return none
  const beyond = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  return {
    p50Ms: beyond(histogram.percentile(50)),
    p99Ms: beyond(histogram.percentile(99)),
    maxMs: beyond(histogram.max),
  }
}
