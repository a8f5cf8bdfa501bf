import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ThreadHealth } from '../core/thread-health.ts'
import type { Tracing } from '../core/tracing.ts'
import type { ThreadLog } from './logger.ts'
import { startTracing, type TraceSettings } from './telemetry.ts'
import { ThreadGauge } from './thread-gauge.ts'

/** What a thread tells of itself. */
export interface ThreadTelemetry {
  readonly log: Logger
  readonly tracing: Tracing
  health(): ThreadHealth
  /** The last spans go out, but nobody waits long for them. */
  stop(): Promise<void>
}

/** Begins to watch the thread that calls this, and to trace it where that is wanted. */
export async function startThread(
  { log, scope }: Pick<ThreadLog, 'log' | 'scope'>,
  parts: { thread: string; traces: TraceSettings | undefined; clock: Clock; random: () => number },
): Promise<ThreadTelemetry> {
  const { thread, clock, random } = parts
  const traces = await startTracing(parts.traces, { thread, scope, clock, log, random })
  const gauge = new ThreadGauge(clock)
  return {
    log,
    tracing: traces.tracing,
    health: () => ({ ...gauge.health(), traces: traces.health }),
    stop: async () => {
      gauge.stop()
      await traces.stop()
    },
  }
}
