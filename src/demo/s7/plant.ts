import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { DataType } from '../../core/data-type.ts'

/** A value that the line shows or takes, as an operator would configure it. */
export interface LineSignal {
  readonly key: string
  readonly name: string
  readonly address: string
  readonly type: DataType
  readonly unit?: string
}

/** Everything in the line's data blocks: DB1 is what it does, DB2 what it is told, which the network may write. */
export const lineSignals: readonly LineSignal[] = [
  { key: 'inlet-open', name: 'Inlet valve open', address: 'DB1,X0.0', type: 'Boolean' },
  { key: 'outlet-open', name: 'Outlet valve open', address: 'DB1,X0.1', type: 'Boolean' },
  { key: 'mixer-running', name: 'Mixer running', address: 'DB1,X0.2', type: 'Boolean' },
  { key: 'heater-on', name: 'Heater on', address: 'DB1,X0.3', type: 'Boolean' },
  { key: 'phase', name: 'Phase', address: 'DB1,BYTE1', type: 'Byte' },
  { key: 'mixer-speed', name: 'Mixer speed', address: 'DB1,INT2', type: 'Int16', unit: '1/min' },
  { key: 'status-word', name: 'Status word', address: 'DB1,WORD4', type: 'UInt16' },
  { key: 'batches', name: 'Batches made', address: 'DB1,DINT6', type: 'Int32' },
  { key: 'level', name: 'Tank level', address: 'DB1,REAL10', type: 'Float', unit: '%' },
  { key: 'temperature', name: 'Tank temperature', address: 'DB1,REAL14', type: 'Float', unit: '°C' },
  { key: 'pressure', name: 'Outlet pressure', address: 'DB1,REAL18', type: 'Float', unit: 'bar' },
  { key: 'flow', name: 'Flow', address: 'DB1,REAL22', type: 'Double', unit: 'l/min' },
  { key: 'volume', name: 'Volume delivered', address: 'DB1,LREAL26', type: 'Double', unit: 'l' },
  { key: 'run-seconds', name: 'Running time', address: 'DB1,DWORD34', type: 'UInt32', unit: 's' },
  { key: 'recipe', name: 'Recipe', address: 'DB1,STRING38.20', type: 'String' },
  { key: 'temperature-setpoint', name: 'Temperature setpoint', address: 'DB2,REAL0', type: 'Float', unit: '°C' },
  { key: 'level-setpoint', name: 'Level setpoint', address: 'DB2,INT4', type: 'Int16', unit: '%' },
  { key: 'enabled', name: 'Line enabled', address: 'DB2,X6.0', type: 'Boolean' },
]

const phases = ['idle', 'filling', 'mixing', 'draining'] as const
type Phase = (typeof phases)[number]

const recipes = ['Lemonade', 'Orange syrup', 'Brine 12 %', 'Crème fraîche']
const RECIPE_LENGTH = 20
const TANK_LITRES = 2_000
const AMBIENT_CELSIUS = 18
const FILL_PERCENT_PER_SECOND = 2
const DRAIN_PERCENT_PER_SECOND = 1.5
const HEAT_CELSIUS_PER_SECOND = 0.4
const COOL_PER_SECOND = 0.002
const MIXER_SPEED = 120
const MIXER_ACCELERATION = 15
const MIX_SECONDS = 40
const IDLE_SECONDS = 10
const STEP_EVERY: Milliseconds = 500

/**
 * The program of the demo PLC: a tank that is filled, heated and stirred, and drained again, batch after batch.
 * Its memory is the data blocks; `step` is one cycle of the program.
 */
export class MixingLine {
  readonly blocks: ReadonlyMap<number, Buffer>
  readonly writable: ReadonlySet<number> = new Set([2])
  readonly #state = Buffer.alloc(60)
  readonly #settings = Buffer.alloc(8)
  readonly #clock: Clock
  #phase: Phase = 'idle'
  #phaseSeconds = 0
  #runSeconds = 0
  #level = 5
  #temperature = AMBIENT_CELSIUS
  #speed = 0
  #flow = 0
  #volume = 0
  #batches = 0
  #end: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.blocks = new Map([
      [1, this.#state],
      [2, this.#settings],
    ])
    this.#settings.writeFloatBE(62.5, 0)
    this.#settings.writeInt16BE(80, 4)
    this.#settings.writeUInt8(1, 6)
    this.#show()
  }

  /** Lets the program run; `stop` ends it. */
  start(): void {
    if (this.#end) return
    let last = this.#clock.monotonic()
    this.#end = this.#clock.every(STEP_EVERY, () => {
      const now = this.#clock.monotonic()
      this.step((now - last) / 1_000)
      last = now
    })
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  /** What `seconds` change. */
  step(seconds: number): void {
    const enabled = (this.#settings.readUInt8(6) & 1) === 1
    if (enabled) {
      this.#phaseSeconds += seconds
      this.#runSeconds += seconds
      this.#advance()
    }
    const phase = enabled ? this.#phase : 'idle'
    this.#flow = 0
    if (phase === 'filling') this.#move(Math.min(FILL_PERCENT_PER_SECOND * seconds, this.#room), seconds)
    if (phase === 'draining') this.#drain(Math.min(DRAIN_PERCENT_PER_SECOND * seconds, this.#level), seconds)
    const wanted = phase === 'mixing' ? MIXER_SPEED : 0
    const change = MIXER_ACCELERATION * seconds
    this.#speed += Math.max(-change, Math.min(change, wanted - this.#speed))
    this.#temperature += (AMBIENT_CELSIUS - this.#temperature) * Math.min(1, COOL_PER_SECOND * seconds)
    if (this.#heating(phase)) this.#temperature += HEAT_CELSIUS_PER_SECOND * seconds
    this.#show(phase)
  }

  /** Percent that may still flow in. */
  get #room(): number {
    return Math.max(0, this.#levelSetpoint - this.#level)
  }

  /** What was written, as far as the tank allows it. */
  get #levelSetpoint(): number {
    return Math.max(10, Math.min(95, this.#settings.readInt16BE(4)))
  }

  get #temperatureSetpoint(): number {
    const written = this.#settings.readFloatBE(0)
    return Number.isFinite(written) ? Math.max(AMBIENT_CELSIUS, Math.min(95, written)) : AMBIENT_CELSIUS
  }

  #heating(phase: Phase): boolean {
    return phase === 'mixing' && this.#temperature < this.#temperatureSetpoint
  }

  #advance(): void {
    const done = {
      idle: this.#phaseSeconds >= IDLE_SECONDS,
      filling: this.#room === 0,
      mixing: this.#phaseSeconds >= MIX_SECONDS && this.#temperature >= this.#temperatureSetpoint - 0.5,
      draining: this.#level <= 5,
    }
    if (!done[this.#phase]) return
    if (this.#phase === 'draining') this.#batches++
    this.#phase = phases[(phases.indexOf(this.#phase) + 1) % phases.length] ?? 'idle'
    this.#phaseSeconds = 0
  }

  #move(percent: number, seconds: number): void {
    const cold = percent / Math.max(percent, this.#level + percent)
    this.#temperature += (AMBIENT_CELSIUS - this.#temperature) * cold
    this.#level += percent
    this.#flow = litresPerMinute(percent, seconds)
  }

  #drain(percent: number, seconds: number): void {
    this.#level -= percent
    this.#flow = litresPerMinute(percent, seconds)
    this.#volume += (percent / 100) * TANK_LITRES
  }

  /** Writes the data block, as the last network of the program does. */
  #show(phase: Phase = this.#phase): void {
    const db = this.#state
    const flags = [phase === 'filling', phase === 'draining', this.#speed > 0, this.#heating(phase)]
    const bits = flags.reduce((byte, on, bit) => byte | (on ? 1 << bit : 0), 0)
    db.writeUInt8(bits, 0)
    db.writeUInt8(phases.indexOf(phase), 1)
    db.writeInt16BE(Math.round(this.#speed), 2)
    db.writeUInt16BE((phases.indexOf(phase) << 8) | bits, 4)
    db.writeInt32BE(this.#batches, 6)
    db.writeFloatBE(this.#level, 10)
    db.writeFloatBE(this.#temperature, 14)
    db.writeFloatBE(1 + this.#level / 100 + (phase === 'draining' ? 0.4 : 0), 18)
    db.writeFloatBE(this.#flow, 22)
    db.writeDoubleBE(this.#volume, 26)
    db.writeUInt32BE(Math.floor(this.#runSeconds), 34)
    const recipe = recipes[this.#batches % recipes.length] ?? ''
    db.writeUInt8(RECIPE_LENGTH, 38)
    db.writeUInt8(recipe.length, 39)
    db.fill(0, 40, 40 + RECIPE_LENGTH)
    db.write(recipe, 40, 'latin1')
  }
}

const litresPerMinute = (percent: number, seconds: number): number =>
  seconds > 0 ? ((percent / 100) * TANK_LITRES * 60) / seconds : 0
