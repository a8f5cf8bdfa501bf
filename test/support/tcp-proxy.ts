import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Milliseconds } from '../../src/core/clock.ts'

/** What the network between does to what goes through it; each is off if it is not given. */
export interface TcpWeather {
  /** Nothing is passed on in either direction, and nothing is closed: a half-open connection, a black hole. */
  readonly blackHole?: boolean
  /** Everything arrives so much later. */
  readonly delayMs?: Milliseconds
  /** What comes within such a time is held and passed on at its end in one burst, as a buffering proxy does. */
  readonly burstMs?: Milliseconds
  /** Bytes a second in each direction of each connection. */
  readonly bytesPerSecond?: number
  /** A connection over which nothing went for so long is closed, as nginx does after 60 s. */
  readonly idleCutMs?: Milliseconds
}

/** One direction of a connection: what was read from one end, in order, until it is written to the other. */
class Flow {
  readonly #to: Socket
  readonly #weather: () => TcpWeather
  readonly #waiting: { readonly due: Milliseconds; readonly action: () => void }[] = []
  #timer: NodeJS.Timeout | undefined
  /** When the line is free again, where its bandwidth is limited. */
  #freeAt: Milliseconds = 0
  /** When what is held now goes on, where it goes in bursts. */
  #burstAt: Milliseconds = 0
  #lost = false

  constructor(from: Socket, to: Socket, weather: () => TcpWeather) {
    this.#to = to
    this.#weather = weather
    from.on('data', (data) => {
      // What fell into a black hole is missing for ever, so the rest of the connection would be nonsense.
      if (!this.#isLost()) this.#later(() => to.writable && to.write(data), data.length)
    })
    from.on('end', () => this.#later(() => to.end()))
    // A socket that nobody listens to would end the process with its error.
    from.on('error', () => undefined)
    from.on('close', (broken) => this.#later(() => (broken ? to.resetAndDestroy() : to.destroySoon())))
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting.length = 0
  }

  /** Does it at the other end when its time has come, and after all that came before. */
  #later(action: () => void, bytes = 0): void {
    const { delayMs = 0, burstMs, bytesPerSecond } = this.#weather()
    const now = performance.now()
    if (burstMs !== undefined && this.#burstAt < now) this.#burstAt = now + burstMs
    const sending = bytesPerSecond === undefined ? 0 : (1_000 * bytes) / bytesPerSecond
    this.#freeAt = Math.max(this.#freeAt, now) + sending
    const due = Math.max(this.#freeAt + delayMs, burstMs === undefined ? 0 : this.#burstAt)
    this.#waiting.push({ due, action })
    if (this.#timer === undefined) this.#goOn()
  }

  #goOn = (): void => {
    this.#timer = undefined
    this.#to.cork()
    while ((this.#waiting[0]?.due ?? Number.POSITIVE_INFINITY) <= performance.now()) {
      const action = this.#waiting.shift()?.action
      // Through a black hole no end learns of the other.
      if (!this.#isLost()) action?.()
    }
    this.#to.uncork()
    const next = this.#waiting[0]
    if (next) this.#timer = setTimeout(this.#goOn, Math.max(0, Math.ceil(next.due - performance.now())))
  }

  /** Whether a black hole has taken something, or takes everything now. */
  #isLost(): boolean {
    this.#lost ||= this.#weather().blackHole === true
    return this.#lost
  }
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  readonly flows: readonly Flow[]
}

/** A TCP proxy on loopback before any server: the network between, and what can happen to it. */
export class TcpProxy {
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#join(client))
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  /** Holds for what comes from now on, on connections old and new. What a black hole took stays lost. */
  weather: TcpWeather = {}
  /** Connections that were accepted so far. */
  accepted = 0
  port = 0

  private constructor(target: number) {
    this.#target = target
  }

  /** Listens on a port that the system chooses, and passes on to `target` on this machine. */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await proxy.accept()
    return proxy
  }

  /** Listens, on the same port each time. */
  async accept(): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses new connections; those that are open go on. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return
    // Closed for new connections at once; the callback would wait for the last of the old ones.
    this.#server.close()
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Ends every connection that is open: by a reset, or in order. New ones are accepted as before. */
  cut(how: 'RST' | 'FIN' = 'RST'): void {
    for (const { client, server, flows } of [...this.#pairs]) {
      for (const flow of flows) flow.stop()
      for (const socket of [client, server]) {
        if (how === 'RST') socket.resetAndDestroy()
        else socket.destroySoon()
      }
    }
  }

  get connections(): number {
    return this.#pairs.size
  }

  async close(): Promise<void> {
    await this.refuse()
    this.cut()
  }

  #join(client: Socket): void {
    this.accepted++
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const weather = () => this.weather
    const flows = [new Flow(client, server, weather), new Flow(server, client, weather)]
    const pair: Pair = { client, server, flows }
    this.#pairs.add(pair)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('close', () => {
        if (!client.destroyed || !server.destroyed) return
        this.#pairs.delete(pair)
        for (const flow of flows) flow.stop()
      })
      socket.on('data', () => this.#watchIdle(pair))
    }
    this.#watchIdle(pair)
  }

  #watchIdle({ client, server }: Pair): void {
    const { idleCutMs = 0 } = this.weather
    for (const socket of [client, server]) {
      socket.setTimeout(idleCutMs)
      socket.removeAllListeners('timeout')
      if (idleCutMs > 0) {
        socket.once('timeout', () => {
          client.destroySoon()
          server.destroySoon()
        })
      }
    }
  }
}
