import type { Clock, Milliseconds } from '../../core/clock.ts'
import { RegisterMap, type SimulatedUnit } from './register-map.ts'

/** Longest step of the simulation; a longer silence is caught up in several. */
const STEP: Milliseconds = 1_000
/** No more is caught up after a sleep of the machine. */
const MOST_STEPS = 3_600

const TANK_LITRES = 20_000
const PUMP_LITRES_PER_SECOND = 9
const AMBIENT = 18

/**
 * A tank that drains to the plant, and the pump that fills it: between its start and stop level in automatic mode,
 * as coil 0 says in manual mode.
 *
 * Coils: 0 run command, 1 automatic mode. Discrete inputs: 0 pump runs, 1 level high, 2 level low, 3 motor too hot.
 * Input registers: 0 level in 0.1 % (uint16), 1 inflow in 0.1 l/s (int16), 2 net flow in 0.1 l/s (int16, negative while
 * the tank drains), 3 motor temperature in 0.1 °C (int16), 10 pumped volume in l (int32, lower register first).
 * Holding registers: 0 start level and 1 stop level in % (uint16, can be written), 5 status word (bit 0 pump runs,
 * 1 automatic, 2 level high, 3 level low), 20 serial number (16 characters).
 */
export class PumpController implements SimulatedUnit {
  readonly map = new RegisterMap()
  readonly #clock: Clock
  #at: Milliseconds
  #running = true
  #automatic = true
  #startLevel = 35
  #stopLevel = 85
  #litres = 0.6 * TANK_LITRES
  #pumpedLitres = 1_284_000
  #motorTemperature = 41

  constructor(clock: Clock, serialNumber = 'PC7-2203-114') {
    this.#clock = clock
    this.#at = clock.now()
    this.map
      .bit(
        'coil',
        0,
        () => this.#running,
        (run) => {
          if (!this.#automatic) this.#running = run
        },
      )
      .bit(
        'coil',
        1,
        () => this.#automatic,
        (automatic) => {
          this.#automatic = automatic
        },
      )
      .bit('discrete', 0, () => this.#running)
      .bit('discrete', 1, () => this.#high)
      .bit('discrete', 2, () => this.#low)
      .bit('discrete', 3, () => this.#motorTemperature > 90)
      .word('input', 0, () => 10 * this.#level)
      .word('input', 1, () => 10 * this.#inflow)
      .word('input', 2, () => 10 * (this.#inflow - this.#outflow))
      .word('input', 3, () => 10 * this.#motorTemperature)
      .int32('input', 10, () => this.#pumpedLitres, true)
      .word(
        'holding',
        0,
        () => this.#startLevel,
        (level) => {
          this.#startLevel = level
        },
      )
      .word(
        'holding',
        1,
        () => this.#stopLevel,
        (level) => {
          this.#stopLevel = level
        },
      )
      .word('holding', 5, () => this.#statusWord)
      .text('holding', 20, 16, serialNumber)
  }

  advance(): void {
    const now = this.#clock.now()
    const elapsed = Math.min(now - this.#at, STEP * MOST_STEPS)
    this.#at = now
    for (let left = elapsed; left > 0; left -= STEP) this.#step(Math.min(left, STEP) / 1_000)
  }

  #step(seconds: number): void {
    if (this.#automatic && this.#level <= this.#startLevel) this.#running = true
    if (this.#automatic && this.#level >= this.#stopLevel) this.#running = false
    const litres = this.#litres + (this.#inflow - this.#outflow) * seconds
    this.#litres = Math.min(Math.max(litres, 0), TANK_LITRES)
    this.#pumpedLitres += this.#inflow * seconds
    const settled = this.#running ? 62 : AMBIENT
    this.#motorTemperature += (settled - this.#motorTemperature) * Math.min(1, seconds / 240)
  }

  /** In percent. */
  get #level(): number {
    return (100 * this.#litres) / TANK_LITRES
  }

  /** Litres a second; the fuller the tank, the harder to pump. */
  get #inflow(): number {
    return this.#running ? PUMP_LITRES_PER_SECOND * (1.05 - 0.001 * this.#level) : 0
  }

  /** Litres a second that the plant takes, more or less over twenty minutes. */
  get #outflow(): number {
    return this.#litres > 0 ? 4.5 + 1.5 * Math.sin((2 * Math.PI * this.#at) / 1_200_000) : 0
  }

  get #high(): boolean {
    return this.#level >= 90
  }

  get #low(): boolean {
    return this.#level <= 20
  }

  get #statusWord(): number {
    const bits = [this.#running, this.#automatic, this.#high, this.#low]
    return bits.reduce((word, bit, position) => word | (Number(bit) << position), 0)
  }
}
