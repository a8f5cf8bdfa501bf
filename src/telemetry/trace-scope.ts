import { AsyncLocalStorage } from 'node:async_hooks'
import { parseTrace, type TraceParent } from '../core/tracing.ts'

/** The span within which a thread's code runs, through everything that it calls and awaits. */
export class TraceScope {
  readonly #storage = new AsyncLocalStorage<TraceParent | undefined>()

  current(): TraceParent | undefined {
    return this.#storage.getStore()
  }

  /** Undefined: within none. */
  within<Result>(trace: TraceParent | undefined, work: () => Result): Result {
    return trace === this.current() ? work() : this.#storage.run(trace, work)
  }

  /** What a line of the log has beside its own (OpenTelemetry, Trace Context in non-OTLP Log Formats). */
  logFields(): { readonly trace_id?: string; readonly span_id?: string } {
    const trace = this.#storage.getStore()
    const parsed = trace === undefined ? undefined : parseTrace(trace)
    return parsed ? { trace_id: parsed.traceId, span_id: parsed.spanId } : {}
  }
}
