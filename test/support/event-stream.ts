/** One server-sent event. */
export interface StreamEvent {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** A program that follows server-sent events; keeps all that came. */
export class EventStream {
  readonly events: StreamEvent[] = []
  readonly ended: Promise<void>
  readonly #controller: AbortController
  isOver = false

  private constructor(response: Response, controller: AbortController) {
    this.#controller = controller
    this.ended = this.#read(response)
  }

  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
    const controller = new AbortController()
    const response = await fetch(url, { headers, signal: controller.signal })
    if (!response.ok) throw new Error(`${url} answers ${response.status}`)
    return new EventStream(response, controller)
  }

  of<Data>(name: string): Data[] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data as Data)
  }

  get lastId(): string {
    return this.events.findLast(({ id }) => id !== '')?.id ?? ''
  }

  async close(): Promise<void> {
    this.#controller.abort()
    await this.ended
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true })
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
    } catch (error) {
      if (!this.#controller.signal.aborted) throw error
    } finally {
      this.isOver = true
    }
  }

  #take(block: string): void {
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]))
    const data = fields.get('data')
    if (data === undefined) return
    this.events.push({
      id: fields.get('id') ?? '',
      event: fields.get('event') ?? '',
      data: JSON.parse(data) as unknown,
    })
  }
}
