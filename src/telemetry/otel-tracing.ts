import type { Span as OtelSpan, Tracer } from '@opentelemetry/api'
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import {
  parseTrace,
  type Span,
  type SpanFacts,
  type SpanOptions,
  type TracedKind,
  type TraceParent,
  type Tracing,
} from '../core/tracing.ts'
import type { TraceScope } from './trace-scope.ts'

/** Of each kind, the share that is traced where nothing before it decided, from 0 to 1. */
export type TraceRatios = Readonly<Record<Exclude<TracedKind, 'change'>, number>>

/** Spans as OpenTelemetry has them; whether one is made is decided here, before it costs anything. */
export class OtelTracing implements Tracing {
  readonly #tracer: Tracer
  readonly #ratios: TraceRatios
  readonly #scope: TraceScope
  readonly #random: () => number

  constructor(parts: { tracer: Tracer; ratios: TraceRatios; scope: TraceScope; random: () => number }) {
    this.#tracer = parts.tracer
    this.#ratios = parts.ratios
    this.#scope = parts.scope
    this.#random = parts.random
  }

  begin(kind: TracedKind, name: string, options: SpanOptions = {}): Span | undefined {
    const outer = kind === 'call' || kind === 'change' ? this.#scope.current() : undefined
    const parent = contextOf(options.parent ?? outer)
    // As the parent is traced or not; a change always is.
    if (parent ? !isSampled(parent) && kind !== 'change' : !this.#isChosen(kind)) return undefined
    const within: Context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    const links = (options.links ?? []).flatMap((link) => linkTo(link))
    const { startedAt: startTime, role } = options
    const kindOfSpan = role === 'server' ? SpanKind.SERVER : role === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL
    const more = startTime === undefined ? {} : { startTime }
    return new TracedSpan(this.#tracer.startSpan(name, { kind: kindOfSpan, links, ...more }, within))
  }

  current(): TraceParent | undefined {
    return this.#scope.current()
  }

  within<Result>(traceParent: TraceParent | undefined, work: () => Result): Result {
    return this.#scope.within(traceParent, work)
  }

  #isChosen(kind: TracedKind): boolean {
    if (kind === 'change') return true
    const ratio = this.#ratios[kind]
    return ratio > 0 && this.#random() < ratio
  }
}

class TracedSpan implements Span {
  readonly #span: OtelSpan
  readonly trace: TraceParent

  constructor(span: OtelSpan) {
    this.#span = span
    const { traceId, spanId } = span.spanContext()
    this.trace = `00-${traceId}-${spanId}-01`
  }

  set(facts: SpanFacts): void {
    this.#span.setAttributes(facts)
  }

  link(to: TraceParent): void {
    this.#span.addLinks(linkTo(to))
  }

  fail(cause: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: cause.slice(0, 500) })
  }

  end(): void {
    this.#span.end()
  }
}

function contextOf(text: TraceParent | undefined): SpanContext | undefined {
  const parsed = text === undefined ? undefined : parseTrace(text)
  if (!parsed) return undefined
  const { traceId, spanId, isSampled: sampled } = parsed
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true }
}

const isSampled = ({ traceFlags }: SpanContext): boolean => (traceFlags & TraceFlags.SAMPLED) !== 0

function linkTo(text: TraceParent): { context: SpanContext }[] {
  const context = contextOf(text)
  return context ? [{ context }] : []
}
