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

/** One direction of a connection: what was read from one end, until it is written to the other. */
class Flow {
  readonly #to: Socket
  readonly #weather: () => TcpWeather
  readonly #timers = new Set<NodeJS.Timeout>()
  #burst: Buffer[] = []
  /** When the line is free again, where its bandwidth is limited. */
  #freeAt: Milliseconds = 0
  #lost = false

  constructor(from: Socket, to: Socket, weather: () => TcpWeather) {
    this.#to = to
    this.#weather = weather
    from.on('data', (data) => this.#take(data))
    from.on('end', () => this.#later(() => this.#end()))
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #take(data: Buffer): void {
    // What fell into a black hole is missing for ever, so the rest of the connection would be nonsense.
    if (this.isLost()) return
    const { burstMs } = this.#weather()
    if (burstMs === undefined) {
      this.#later(() => this.#write(data), data.length)
      return
    }
    this.#burst.push(data)
    if (this.#burst.length > 1) return
    this.#at(burstMs, () => {
      const held = Buffer.concat(this.#burst)
      this.#burst = []
      this.#later(() => this.#write(held), held.length)
    })
  }

  /** After the delay, and after all that came before it. */
  #later(action: () => void, bytes = 0): void {
    const { delayMs = 0, bytesPerSecond } = this.#weather()
    const now = performance.now()
    const sending = bytesPerSecond === undefined ? 0 : (1_000 * bytes) / bytesPerSecond
    this.#freeAt = Math.max(this.#freeAt, now) + sending
    const wait = this.#freeAt + delayMs - now
    if (wait <= 0 && this.#timers.size === 0) action()
    else this.#at(wait, action)
  }

  #at(wait: Milliseconds, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, wait)
    this.#timers.add(timer)
  }

  #write(data: Buffer): void {
    if (!this.isLost() && this.#to.writable) this.#to.write(data)
  }

  #end(): void {
    if (!this.isLost()) this.#to.end()
  }

  /** Whether a black hole has taken something, or takes everything now. */
  isLost(): boolean {
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
    const end = () => {
      // Through a black hole no end learns that the other is gone.
      if (flows.some((flow) => flow.isLost()) && !(client.destroyed && server.destroyed)) return
      if (!this.#pairs.delete(pair)) return
      for (const flow of flows) flow.stop()
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', end).on('close', end)
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
