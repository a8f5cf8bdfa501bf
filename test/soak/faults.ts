import type { Milliseconds } from '../../src/core/clock.ts'
import type { Misbehaviour } from '../support/misbehave.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'
import type { SoakingClients } from './clients.ts'
import type { SoakedGateway } from './soaked-gateway.ts'
import type { SoakedPlant } from './soaked-plant.ts'

const wait = (ms: Milliseconds) => new Promise((resolve) => setTimeout(resolve, ms))
/** An engine that dies more often cannot tell that it is healthy between. */
const BETWEEN_DEATHS: Milliseconds = 15_000

/** Devices that die, rooms that end, clients that come and go, as `random` chooses; ChirpStack has its own (BadHour). */
export class SoakFaults {
  readonly happened: Record<string, number> = {}
  readonly deaths = { engine: 0, opcua: 0 }
  readonly #acts: readonly (readonly [string, () => Promise<unknown>])[]
  readonly #random: () => number
  #lastDeath = Number.NEGATIVE_INFINITY

  constructor(parts: {
    plant: SoakedPlant
    gateway: SoakedGateway
    clients: SoakingClients
    opcua: TcpProxy
    random: () => number
  }) {
    const { plant, gateway, clients, opcua } = parts
    this.#random = parts.random
    const { modbus, s7 } = plant.ways
    const dies = (room: 'engine' | 'opcua') => async () => {
      if (performance.now() - this.#lastDeath < BETWEEN_DEATHS) return false
      // Who is being started hears no order.
      if ((await gateway.health()).rooms[room].state !== 'running') return false
      this.#lastDeath = performance.now()
      const ways: Misbehaviour[] = ['throw', 'reject', 'exit', 'hang']
      gateway.order({ room, what: ways[Math.floor(this.#random() * ways.length)] ?? 'exit' })
      this.deaths[room]++
      return true
    }
    this.#acts = [
      ['engine dies', dies('engine')],
      ['Modbus device dies', () => this.#gone(modbus)],
      ['OPC UA server dies', dies('opcua')],
      ['Modbus device is mute', () => this.#mute(modbus)],
      ['PLC dies', () => this.#gone(s7)],
      ['PLC is mute', () => this.#mute(s7)],
      ['SCADA reconnects', () => clients.reconnect()],
      ['network to SCADA is cut', async () => opcua.cut()],
      ['browser leaves', () => clients.leaveWeb()],
    ]
  }

  async last(duration: Milliseconds): Promise<void> {
    const end = performance.now() + duration
    let left = [...this.#acts]
    while (performance.now() < end) {
      // All of them in a shuffled order, and again.
      if (left.length === 0) left = [...this.#acts]
      const [chosen] = left.splice(Math.floor(this.#random() * left.length), 1)
      if (!chosen) break
      const [name, act] = chosen
      if ((await act()) !== false) this.happened[name] = (this.happened[name] ?? 0) + 1
      await wait(this.#random() * 3_000)
    }
  }

  async #gone(way: TcpProxy): Promise<void> {
    await way.refuse()
    way.cut()
    await wait(500 + this.#random() * 3_000)
    await way.accept()
  }

  async #mute(way: TcpProxy): Promise<void> {
    way.weather = { blackHole: true }
    await wait(500 + this.#random() * 3_000)
    way.weather = {}
    way.cut()
  }
}
