import { AttributeIds, DataType } from 'node-opcua'
import { systemClock } from '../../src/core/clock.ts'
import { EventStream } from '../support/event-stream.ts'
import { PASSWORD, type PlantFolder, USER } from '../support/gateway.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'

const WRITE_EVERY_MS = 400
const LOOK_EVERY_MS = 1_000
const counters = ['meter/counter', 'plc/counter'] as const

/** Values of counters as clients saw them: none goes back, and none is ahead of the device. */
class SeenCounters {
  readonly #counter: () => number
  readonly #last = new Map<string, number>()
  seen = 0
  wrong = 0

  constructor(counter: () => number) {
    this.#counter = counter
  }

  /** `by`: who saw it, in one order. */
  take(by: string, value: unknown, status: string): void {
    if (status !== 'Good') return
    this.seen++
    if (typeof value !== 'number' || value < (this.#last.get(by) ?? 0) || value > this.#counter()) this.wrong++
    else this.#last.set(by, value)
  }
}

/** A SCADA system that watches counters and writes set points, and a browser that looks at live values. */
export class SoakingClients {
  readonly #plant: PlantFolder
  readonly #way: TcpProxy
  readonly values: SeenCounters
  /** Set points that were written, with the status that the client was given, or why it was given none. */
  readonly writes = new Map<number, string>()
  #scada: ScadaClient | undefined
  #watched: readonly { readonly tag: string; readonly seen: () => Shown[]; taken: number }[] = []
  #web: EventStream | undefined
  #webTaken = 0
  #session = 0
  #setpoint = 0
  #ends: readonly (() => void)[] = []
  #busy: Promise<unknown> = Promise.resolve()

  /** `way` leads to the OPC UA port. */
  constructor(plant: PlantFolder, way: TcpProxy, counter: () => number) {
    this.#plant = plant
    this.#way = way
    this.values = new SeenCounters(counter)
  }

  async start(): Promise<void> {
    await this.#connect()
    this.#ends = [
      systemClock.every(WRITE_EVERY_MS, () => void this.#inTurn(() => this.#write())),
      systemClock.every(LOOK_EVERY_MS, () => {
        this.#look()
        void this.#lookAtWeb()
      }),
    ]
  }

  /** Ends the session in order and begins another. */
  async reconnect(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#disconnect()
      await this.#connect()
    })
  }

  /** The browser is closed; it comes back by itself. */
  async leaveWeb(): Promise<void> {
    await this.#web?.close()
  }

  async read(tag: string): Promise<Shown | undefined> {
    try {
      return await this.#scada?.read(tag)
    } catch {
      return undefined
    }
  }

  async end(): Promise<void> {
    for (const end of this.#ends) end()
    await this.#inTurn(() => this.#disconnect())
    await this.#web?.close()
  }

  /** Reconnecting, writing and ending do not meet. */
  #inTurn(job: () => Promise<void>): Promise<unknown> {
    const done = this.#busy.then(job)
    this.#busy = done.catch(() => undefined)
    return this.#busy
  }

  async #connect(): Promise<void> {
    const url = this.#plant.endpointUrl.replace(/:\d+\//, `:${this.#way.port}/`)
    const scada = await ScadaClient.connect(url)
    this.#scada = scada
    this.#session++
    this.#watched = await Promise.all(counters.map(async (tag) => ({ tag, seen: await scada.watch(tag), taken: 0 })))
  }

  async #disconnect(): Promise<void> {
    this.#look()
    await this.#scada?.end().catch(() => undefined)
    this.#scada = undefined
    this.#watched = []
  }

  #look(): void {
    for (const watched of this.#watched) {
      const all = watched.seen()
      for (const { value, status } of all.slice(watched.taken)) {
        this.values.take(`${this.#session} ${watched.tag}`, value, status)
      }
      watched.taken = all.length
    }
  }

  async #write(): Promise<void> {
    const scada = this.#scada
    if (!scada) return
    const value = ++this.#setpoint
    const written = { value: { dataType: DataType.UInt16, value } }
    try {
      const status = await scada.session.write({
        nodeId: scada.nodeId('meter/setpoint'),
        attributeId: AttributeIds.Value,
        value: written,
      })
      this.writes.set(value, status.name)
    } catch {
      this.writes.set(value, 'no answer')
    }
  }

  async #lookAtWeb(): Promise<void> {
    const origin = `http://127.0.0.1:${this.#plant.httpPort}`
    const Authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`
    try {
      if (!this.#web || this.#web.isOver) {
        this.#webTaken = 0
        this.#web = await EventStream.open(`${origin}/api/v1/live?tag=${counters[0]}`, { Authorization })
        // One that breaks off is over, and is opened again at the next look.
        this.#web.ended.catch(() => undefined)
      }
      const all = this.#web.of<{ readonly values: readonly { value: unknown; status: string }[] }>('values')
      for (const { values } of all.slice(this.#webTaken)) {
        for (const { value, status } of values) this.values.take('web', value, status)
      }
      this.#webTaken = all.length
      await (await fetch(`${origin}/api/v1/health`, { headers: { Authorization } })).arrayBuffer()
    } catch {
      // A stream that ended is opened again at the next look.
      this.#web = undefined
    }
  }
}
