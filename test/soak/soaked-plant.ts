import { systemClock } from '../../src/core/clock.ts'
import { ModbusSimulator } from '../../src/demo/modbus/modbus-simulator.ts'
import { RegisterMap } from '../../src/demo/modbus/register-map.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackProcess } from '../support/chirpstack-process.ts'
import { TENANT_KEY } from '../support/chirpstack-server.ts'
import { siteOf } from '../support/chirpstack-site.ts'
import { API_KEY_ENV, modbusSource, type PlantFolder, s7Source, writePlant } from '../support/gateway.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

export const sensors = Array.from({ length: 10 }, (_, at) => ({ key: `sensor${at}`, devEui: `a81758fffe0b000${at}` }))
export type Sensor = (typeof sensors)[number]

export interface SentUplink {
  readonly n: number
  readonly time: number
}

const COUNT_EVERY_MS = 100
const SEND_EVERY_MS = 50
/** Uplinks of a device that ChirpStack keeps: more than are sent during the longest fault. */
const LOG_HISTORY = 1_000

/**
 * A plant of which everything is known: counters in a Modbus device and a PLC, LoRaWAN sensors that number their
 * uplinks, and a set point that remembers what was written to it. A way that can be broken leads to each.
 */
export class SoakedPlant {
  readonly chirpStack: ChirpStackProcess
  readonly ways: { readonly lora: TcpProxy; readonly modbus: TcpProxy; readonly s7: TcpProxy }
  readonly folder: PlantFolder
  readonly sent: ReadonlyMap<Sensor, SentUplink[]> = new Map(sensors.map((sensor) => [sensor, []]))
  /** What the set point was told, in order. */
  readonly written: number[]
  readonly #close: () => Promise<unknown>
  readonly #counter: () => number
  readonly #sending = new Set<Promise<unknown>>()
  #ends: readonly (() => void)[] = []
  #isDown = false
  #turn = 0
  /** Uplinks that the simulated ChirpStack did not take. */
  refused = 0

  private constructor(parts: Pick<SoakedPlant, 'chirpStack' | 'ways' | 'folder' | 'written'> & SoakedParts) {
    this.chirpStack = parts.chirpStack
    this.ways = parts.ways
    this.folder = parts.folder
    this.written = parts.written
    this.#close = parts.close
    this.#counter = parts.counter
    this.#ends = [parts.stopCounting]
  }

  static async start(): Promise<SoakedPlant> {
    let count = 0
    const written: number[] = []
    const block = Buffer.alloc(16)
    const map = new RegisterMap()
      .int32('holding', 0, () => count)
      .word(
        'holding',
        10,
        () => written.at(-1) ?? 0,
        (value) => written.push(value),
      )
    const modbus = new ModbusSimulator(new Map([[1, { map, advance: () => undefined }]]))
    const plc = new SimulatedPlc({ blocks: new Map([[1, block]]) })
    const stopCounting = systemClock.every(COUNT_EVERY_MS, () => block.writeInt32BE(++count))

    const chirpStack = await ChirpStackProcess.start(
      siteOf(
        sensors.map(({ devEui }) => devEui),
        { history: LOG_HISTORY },
      ),
    )
    await chirpStack.call('behaveAsReal')
    const [lora, line, cpu] = [
      await TcpProxy.start(chirpStack.port),
      await TcpProxy.start(await modbus.listen()),
      await TcpProxy.start(await plc.listen()),
    ]
    const ways = { lora, modbus: line, s7: cpu }
    const folder = await writePlant(
      [
        {
          key: 'lora',
          kind: 'chirpstack',
          url: `http://127.0.0.1:${lora.port}`,
          tenantId: TENANT,
          linkTags: false,
          devices: sensors.map((sensor) => ({ ...sensor, tags: [{ key: 'n', type: 'Int64', address: 'object.n' }] })),
        },
        modbusSource(line.port, [
          { key: 'counter', type: 'Int32', address: 'holding:0', history: 'change' },
          { key: 'setpoint', type: 'UInt16', address: 'holding:10', access: 'readWrite' },
        ]),
        s7Source(cpu.port, [{ key: 'counter', type: 'Int32', address: 'DB1,DINT0', history: 'change' }]),
      ],
      { [API_KEY_ENV]: TENANT_KEY },
      'Operator',
    )
    const close = () =>
      Promise.all([lora.close(), line.close(), cpu.close(), modbus.close(), plc.close(), chirpStack.close()])
    return new SoakedPlant({ chirpStack, ways, folder, written, close, counter: () => count, stopCounting })
  }

  /** What the counters of the devices stand at. */
  get counter(): number {
    return this.#counter()
  }

  /** Sensors begin to send, in turn. */
  startSending(): void {
    const stop = systemClock.every(SEND_EVERY_MS, () => {
      const sensor = sensors[this.#turn++ % sensors.length]
      if (sensor && !this.#isDown) this.#send(sensor)
    })
    this.#ends = [...this.#ends, stop]
  }

  /** Nothing is sent until `up`; resolves when nothing is under way. */
  readonly down = async (): Promise<void> => {
    this.#isDown = true
    await Promise.all(this.#sending)
  }

  readonly up = (): void => {
    this.#isDown = false
  }

  async end(): Promise<void> {
    for (const end of this.#ends) end()
    await this.down()
    await this.#close()
    this.folder.remove()
  }

  /** The next uplink of a sensor, later than the one before. */
  #send(sensor: Sensor): void {
    const uplinks = this.sent.get(sensor) ?? []
    const time = Math.max(systemClock.now(), (uplinks.at(-1)?.time ?? 0) + 1)
    const n = uplinks.length
    uplinks.push({ n, time })
    const call: Promise<unknown> = this.chirpStack
      .call('uplink', sensor.devEui, { object: { n }, time })
      .catch(() => this.refused++)
      .finally(() => this.#sending.delete(call))
    this.#sending.add(call)
  }
}

interface SoakedParts {
  readonly close: () => Promise<unknown>
  readonly counter: () => number
  readonly stopCounting: () => void
}
