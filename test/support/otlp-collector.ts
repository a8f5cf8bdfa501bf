import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Value = {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly boolValue?: boolean
}
interface KeyValue {
  readonly key: string
  readonly value: Value
}

/** A span as OTLP/JSON has it. */
interface WireSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: readonly KeyValue[]
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}

/** A span that arrived, with the thread that sent it. */
export interface CollectedSpan {
  readonly thread: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly facts: Readonly<Record<string, string | number | boolean | undefined>>
  readonly links: readonly string[]
  readonly hasFailed: boolean
}

/** A collector of OTLP/HTTP (opentelemetry-proto, `ExportTraceServiceRequest` as JSON) that can be out of order. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = []
  /** The texts that came, whole. */
  readonly bodies: string[] = []
  requests = 0
  /** `answer`: as it should; a number: answers with this status; `silent`: takes and never answers. */
  mood: 'answer' | 'silent' | number = 'answer'
  readonly #server: Server
  readonly #unanswered = new Set<ServerResponse>()
  endpoint = ''

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => this.#take(request.url ?? '', Buffer.concat(chunks).toString(), response))
    })
  }

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector()
    collector.#server.listen(0, '127.0.0.1')
    await once(collector.#server, 'listening')
    collector.endpoint = `http://127.0.0.1:${(collector.#server.address() as AddressInfo).port}`
    return collector
  }

  /** The trace that has a span of this name, whole. */
  traceOf(name: string): readonly CollectedSpan[] {
    const found = this.spans.find((span) => span.name === name)
    return this.spans.filter(({ traceId }) => traceId === found?.traceId)
  }

  async close(): Promise<void> {
    for (const response of this.#unanswered) response.destroy()
    this.#server.closeAllConnections()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #take(path: string, body: string, response: ServerResponse): void {
    this.requests++
    if (this.mood === 'silent') {
      this.#unanswered.add(response)
      return
    }
    if (typeof this.mood === 'number') {
      response.writeHead(this.mood).end()
      return
    }
    if (path !== '/v1/traces') {
      response.writeHead(404).end()
      return
    }
    this.bodies.push(body)
    this.spans.push(...decoded(body))
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
  }
}

function decoded(body: string): CollectedSpan[] {
  interface Wire {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly KeyValue[] }
      readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
    }[]
  }
  const { resourceSpans } = JSON.parse(body) as Wire
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const thread = String(factsOf(resource.attributes)['penstock.thread'])
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, attributes = [], links = [], status }) => ({
        ...{ thread, traceId, spanId, parentSpanId, name },
        facts: factsOf(attributes),
        links: links.map((link) => `${link.traceId}/${link.spanId}`),
        hasFailed: status?.code === 2,
      })),
    )
  })
}

const factsOf = (attributes: readonly KeyValue[]) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        (value.intValue === undefined ? undefined : Number(value.intValue)) ??
        value.doubleValue ??
        value.boolValue,
    ]),
  )
