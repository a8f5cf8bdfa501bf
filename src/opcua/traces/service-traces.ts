import type { Span, Tracing } from '../../core/tracing.ts'

/** What the server answers one request of a channel with. */
interface Response {
  readonly responseHeader: { readonly serviceResult: { readonly name: string; isGood(): boolean } }
}
interface Message {
  readonly request: { readonly schema: { readonly name: string } }
}
interface Channel {
  send_response(type: string, response: unknown, message: object, ...more: unknown[]): unknown
}

/** What alters something, in the plant or in its history (OPC 10000-4). */
const changing: readonly string[] = ['Write', 'Call', 'HistoryUpdate']
/** These wait for something to tell, often for minutes; what is told has spans of its own. */
const waiting: readonly string[] = ['Publish']
/** In which a request names what it is about. */
const lists = ['nodesToRead', 'nodesToWrite', 'nodesToBrowse', 'methodsToCall', 'itemsToCreate', 'browsePaths'] as const

/** Requests of OPC UA clients as spans, from their turn to their response. */
export class ServiceTraces {
  readonly #tracing: Tracing
  readonly #open = new WeakMap<object, Span>()
  readonly #watched = new WeakSet<object>()

  constructor(tracing: Tracing) {
    this.#tracing = tracing
  }

  /** Answers the request, within a span if it is one that is traced. */
  answer(message: Message, channel: Channel, answer: () => void): void {
    const service = message.request.schema.name.replace(/Request$/, '')
    const kind = changing.includes(service) ? 'change' : 'service'
    const span = waiting.includes(service)
      ? undefined
      : this.#tracing.begin(kind, `OPC UA ${service}`, { role: 'server' })
    if (!span) {
      answer()
      return
    }
    const asked = message.request as Readonly<Record<string, unknown>>
    const about = lists.map((name) => asked[name]).find(Array.isArray)
    span.set({ 'rpc.system.name': 'opcua', 'rpc.method': service, 'opcua.operations': about?.length ?? 0 })
    this.#open.set(message, span)
    this.#watch(channel)
    this.#tracing.within(span.trace, answer)
  }

  /** Of a channel with a request that is traced, the responses end spans. */
  #watch(channel: Channel): void {
    if (this.#watched.has(channel)) return
    this.#watched.add(channel)
    const send = channel.send_response
    channel.send_response = (type, response, message, ...more) => {
      const span = this.#open.get(message)
      if (span) {
        this.#open.delete(message)
        const { serviceResult } = (response as Response).responseHeader
        span.set({ 'opcua.status': serviceResult.name })
        if (!serviceResult.isGood()) span.fail(serviceResult.name)
        span.end()
      }
      return send.call(channel, type, response, message, ...more)
    }
  }
}
