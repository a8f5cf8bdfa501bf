import type { Milliseconds } from '../../src/core/clock.ts'
import type { ChirpStackProcess } from './chirpstack-process.ts'
import type { TcpProxy, TcpWeather } from './tcp-proxy.ts'

export interface BadHourOptions {
  readonly chirpStack: ChirpStackProcess
  /** Between the gateway and `chirpStack`. */
  readonly proxy: TcpProxy
  readonly random: () => number
  /** Before the process ends: resolves when nothing is asked of it any more, and nothing will be until `up`. */
  readonly down: () => Promise<void>
  readonly up: () => void
}

interface Act {
  readonly name: string
  readonly act: () => Promise<void>
}

/**
 * Everything that happens to a ChirpStack and to the way to it, one after the other as `random` chooses: cuts, freezes,
 * slow, late and bursty lines, black holes, refused connections, and ends of the process.
 */
export class BadHour {
  /** What happened, in order. */
  readonly happened: string[] = []
  readonly #options: BadHourOptions
  readonly #acts: readonly Act[]

  constructor(options: BadHourOptions) {
    this.#options = options
    const { chirpStack, proxy } = options
    this.#acts = [
      { name: 'reset', act: async () => proxy.cut('RST') },
      { name: 'closed', act: async () => proxy.cut('FIN') },
      { name: 'frozen', act: () => this.#frozen() },
      { name: 'slow', act: () => this.#weather({ bytesPerSecond: this.#between(2_000, 20_000) }) },
      { name: 'delayed', act: () => this.#weather({ delayMs: this.#between(50, 1_500) }) },
      { name: 'in bursts', act: () => this.#weather({ burstMs: this.#between(100, 1_500) }) },
      { name: 'black hole', act: () => this.#weather({ blackHole: true }) },
      {
        name: 'refused',
        act: async () => {
          await proxy.refuse()
          proxy.cut('RST')
          await this.#aWhile(500, 3_000)
          await proxy.accept()
        },
      },
      {
        name: 'killed',
        act: async () => {
          await options.down()
          await chirpStack.kill()
          await this.#aWhile(200, 3_000)
          await chirpStack.restart()
          await chirpStack.call('behaveAsReal')
          options.up()
        },
      },
    ]
  }

  /** Goes on for so long, and mends the way again. What a black hole took of an open connection stays lost. */
  async last(duration: Milliseconds): Promise<void> {
    const end = performance.now() + duration
    let left: Act[] = []
    while (performance.now() < end) {
      // All of them in a shuffled order, and again: so a minute leaves none out.
      if (left.length === 0) left = [...this.#acts]
      const [chosen] = left.splice(Math.floor(this.#options.random() * left.length), 1)
      if (!chosen) break
      this.happened.push(chosen.name)
      await chosen.act()
      await this.#aWhile(0, 1_500)
    }
  }

  async #frozen(): Promise<void> {
    this.#options.chirpStack.freeze()
    await this.#aWhile(200, 5_000)
    this.#options.chirpStack.thaw()
  }

  async #weather(weather: TcpWeather): Promise<void> {
    this.#options.proxy.weather = weather
    await this.#aWhile(500, 4_000)
    this.#options.proxy.weather = {}
  }

  #between(least: number, most: number): number {
    return Math.round(least + this.#options.random() * (most - least))
  }

  #aWhile(least: Milliseconds, most: Milliseconds): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#between(least, most)))
  }
}
