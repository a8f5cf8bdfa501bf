import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/core/clock.ts'
import { PenstockError } from '../../src/core/errors.ts'
import type { ModbusSourceConfig } from '../../src/core/plant.ts'
import { ModbusConnection } from '../../src/sources/modbus/connection.ts'
import { ModbusException } from '../../src/sources/modbus/exception.ts'
import { exchangeOf } from '../../src/sources/modbus/exchange/exchange-of.ts'
import { Unanswered } from '../../src/sources/modbus/exchange/unanswered.ts'
import { openWire } from '../../src/sources/modbus/transport/open-wire.ts'

/** What became of many questions. */
export interface Tally {
  /** Answered with what the registers hold, or refused as the device refuses them. */
  right: number
  /** In words; there must be none. */
  readonly wrong: string[]
  /** Failures by their code. */
  readonly failed: Map<string, number>
  /** Reads that were still pending one turn of the event loop after their connection had ended. */
  unsettled: number
  connections: number
  strays: number
}

export const emptyTally = (): Tally => ({
  right: 0,
  wrong: [],
  failed: new Map(),
  unsettled: 0,
  connections: 0,
  strays: 0,
})

export interface AskedLineOptions {
  readonly config: ModbusSourceConfig
  /** Questions at once. */
  readonly window: number
  readonly random: () => number
  /** What a register holds. */
  readonly holds: (unitId: number, functionCode: number, address: number) => number
  /** The exception code with which a device refuses a question, if it does. */
  readonly refuses: (address: number, count: number) => number | undefined
  /** Addresses asked for are below this one. */
  readonly addresses: number
  readonly tally: Tally
}

interface Open {
  readonly connection: ModbusConnection
  pending: number
}

const UNITS = 3
const MOST_REGISTERS = 8
/** Of no use to anyone after so many misses in a row: then it is made anew, as the poller does. */
const MISSES_TO_RENEW = 5
const RETRY_MS = 5
const AREAS = { 3: 'holding', 4: 'input' } as const

/** Asks one Modbus endpoint for registers here and there, through the real exchange, over ever new connections. */
export class AskedLine {
  readonly #options: AskedLineOptions
  readonly #unanswered = new Unanswered(systemClock)
  #open: Promise<Open> | undefined
  #missed = 0
  #address = 0

  constructor(options: AskedLineOptions) {
    this.#options = options
  }

  /** Asks `questions` questions, `window` at a time, and closes. */
  async ask(questions: number): Promise<void> {
    let left = questions
    const slot = async () => {
      while (left-- > 0) await this.#askOnce()
    }
    await Promise.all(Array.from({ length: this.#options.window }, slot))
    await (await this.#open)?.connection.close()
  }

  async #askOnce(): Promise<void> {
    const { random, holds, refuses, addresses, tally } = this.#options
    const unitId = 1 + Math.floor(random() * UNITS)
    const functionCode = random() < 0.5 ? 3 : 4
    const count = 1 + Math.floor(random() * MOST_REGISTERS)
    // Never one that was asked for not long ago, so that a late answer shows.
    this.#address = (this.#address + 13) % (addresses - MOST_REGISTERS)
    const address = this.#address
    const words = () => `unit ${unitId}, function ${functionCode}, ${count} registers from ${address}`

    this.#open ??= this.#connect()
    const opening = this.#open
    const open = await opening
    open.pending++
    try {
      const data = await open.connection.read(unitId, AREAS[functionCode], address, count)
      const expected = Array.from({ length: count }, (_, i) => holds(unitId, functionCode, address + i))
      const got = Array.from({ length: data.length / 2 }, (_, i) => data.readUInt16BE(2 * i))
      if (got.join() === expected.join()) tally.right++
      else tally.wrong.push(`${words()}: ${got.join()} instead of ${expected.join()}`)
      this.#missed = 0
    } catch (error) {
      if (error instanceof ModbusException) {
        if (refuses(address, count) === error.exceptionCode) tally.right++
        else tally.wrong.push(`${words()}: exception ${error.exceptionCode}`)
        this.#missed = 0
        return
      }
      const code = error instanceof PenstockError ? error.code : String(error)
      tally.failed.set(code, (tally.failed.get(code) ?? 0) + 1)
      this.#missed++
      const dead = code === 'CONNECTION_LOST' || this.#missed >= MISSES_TO_RENEW
      if (dead && this.#open === opening) {
        this.#open = undefined
        this.#missed = 0
        void open.connection.close()
      }
    } finally {
      open.pending--
    }
  }

  /** Tries until somebody listens. */
  async #connect(): Promise<Open> {
    const { config, window, random, tally } = this.#options
    const { signal } = new AbortController()
    for (;;) {
      try {
        const wire = await openWire(config, { clock: systemClock, secret: () => undefined }, signal)
        tally.connections++
        const connection = new ModbusConnection({
          exchange: (onEnd) =>
            exchangeOf({
              config,
              wire,
              clock: systemClock,
              random,
              unanswered: this.#unanswered,
              onStray: () => tally.strays++,
              onEnd,
            }),
          endpoint: wire.endpoint,
          timeoutMs: config.timeoutMs,
          window,
        })
        const open = { connection, pending: 0 }
        void connection.ended.then(() =>
          setImmediate(() => {
            tally.unsettled += open.pending
          }),
        )
        return open
      } catch (error) {
        if (!(error instanceof PenstockError) || error.code !== 'CONNECTION_LOST') throw error
        await delay(RETRY_MS)
      }
    }
  }
}
