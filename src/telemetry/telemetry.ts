import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { TraceHealth } from '../core/thread-health.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import type { TraceRatios } from './otel-tracing.ts'
import type { TraceScope } from './trace-scope.ts'

/** Whoever traces, and with which ratios. */
export interface TraceSettings {
  /** Base of the collector's URLs; spans go to `v1/traces` below it. */
  readonly endpoint: string
  readonly timeoutMs: Milliseconds
  readonly ratios: TraceRatios
  /** Name of the gateway. */
  readonly gateway: string
  readonly version: string
}

/** The traces of one thread. */
export interface Traces {
  readonly tracing: Tracing
  /** undefined: nothing is traced. */
  readonly health: TraceHealth | undefined
  /** Sends what waits, but not for long. */
  stop(): Promise<void>
}

const STOP_WITHIN: Milliseconds = 500

/**
 * Begins to trace, where it is wanted; only then is OpenTelemetry loaded. The headers, certificates and compression
 * that OpenTelemetry names in the environment (`OTEL_EXPORTER_OTLP_HEADERS` …) hold too.
 */
export async function startTracing(
  settings: TraceSettings | undefined,
  parts: { thread: string; scope: TraceScope; clock: Clock; log: Logger; random: () => number },
): Promise<Traces> {
  if (!settings) return { tracing: noTracing, health: undefined, stop: async () => undefined }
  const [{ TracerProvider, AlwaysOnSampler }, { OTLPTraceExporter }, resources, { OtelTracing }, { SpanQueue }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('./otel-tracing.ts'),
      import('./span-queue.ts'),
    ])
  const { thread, scope, clock, log, random } = parts
  const { endpoint, timeoutMs, version, ratios } = settings
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: timeoutMs, concurrencyLimit: 1 })
  const send = (spans: ReadableSpan[], done: Parameters<typeof exporter.export>[1]) => exporter.export(spans, done)
  const queue = new SpanQueue<ReadableSpan>({ send, endpoint, clock, log })
  const resource = resources.defaultResource().merge(
    resources.resourceFromAttributes({
      'service.name': 'penstock',
      'service.version': version,
      'service.instance.id': settings.gateway,
      'penstock.thread': thread,
    }),
  )
  const provider = new TracerProvider({
    resource,
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeCountLimit: 32, attributeValueLengthLimit: 500, linkCountLimit: 32, eventCountLimit: 32 },
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => queue.add(span),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
    ],
  })
  return {
    tracing: new OtelTracing({ tracer: provider.getTracer('penstock', version), ratios, scope, random }),
    get health() {
      return queue.health
    },
    // The exporter is not shut down: that would wait for a collector that does not answer.
    stop: () => queue.stop(STOP_WITHIN),
  }
}
