/** Which trace, and which span of it, as text that can go anywhere (W3C Trace Context, `traceparent`). */
export type TraceParent = string

/**
 * What is traced, each kind with a ratio of its own: `poll` cycles of field devices, `call`s to a network server,
 * `event`s of devices, `service` calls of OPC UA clients, `request`s over HTTP, and `upkeep` (compaction, backups).
 * `change` is what alters something: commands, configuration. What has a parent is traced as that is.
 */
export const tracedKinds = ['poll', 'call', 'event', 'service', 'request', 'upkeep', 'change'] as const
export type TracedKind = (typeof tracedKinds)[number]

/** Names of things, counts and words of ours: never a secret, nor a value of a tag. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>

/** A piece of work that is traced. */
export interface Span {
  /** For whoever goes on with it, here or in another room. */
  readonly trace: TraceParent
  set(facts: SpanFacts): void
  /** Another span that this one has to do with, without being a part of it. */
  link(trace: TraceParent): void
  /** It did not come to a good end; `cause` as a log may hold it. */
  fail(cause: string): void
  end(): void
}

export interface SpanOptions {
  /** Absent: for a call or a change the span within which it happens, if any; all else begins a trace of its own. */
  readonly parent?: TraceParent | undefined
  readonly links?: readonly TraceParent[] | undefined
  /** Milliseconds of the epoch; absent: now. */
  readonly startedAt?: number | undefined
  /** Whom it concerns outside of the gateway: a client that asked, or a server or device that is asked. */
  readonly role?: 'server' | 'client' | undefined
}

/** Where spans begin. */
export interface Tracing {
  /** Undefined where this one is not traced: `span?.set(…)` then costs nothing. */
  begin(kind: TracedKind, name: string, options?: SpanOptions): Span | undefined
  /** The span within which this is called. */
  current(): TraceParent | undefined
  /** Does the work within a span, or within none: what it calls, also later, is part of it. */
  within<Result>(trace: TraceParent | undefined, work: () => Result): Result
}

/** Nothing is traced. */
export const noTracing: Tracing = {
  begin: () => undefined,
  current: () => undefined,
  within: (_trace, work) => work(),
}

const pattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

export interface ParsedTrace {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/**
 * The parts of a `traceparent`; undefined where it is none (W3C Trace Context §3.2: version ff and ids of zeros are
 * invalid, and of a version that is not known only what the first one has is read).
 */
export function parseTrace(text: string): ParsedTrace | undefined {
  const [, traceId, spanId, flags] = pattern.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (text.startsWith('ff') || (text.startsWith('00') && text.length !== 55)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Does the work within the span, which ends, failed or not, with it. */
export async function traced<Result>(
  tracing: Tracing,
  span: Span | undefined,
  causeOf: (error: unknown) => string,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!span) return work()
  try {
    return await tracing.within(span.trace, work)
  } catch (error) {
    span.fail(causeOf(error))
    throw error
  } finally {
    span.end()
  }
}
