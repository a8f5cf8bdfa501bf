import type { Milliseconds } from '../../core/clock.ts'

/** A simulated sensor: what its codec decodes from the uplink it would send now. */
export interface Sensor {
  object(now: Milliseconds): Record<string, unknown>
}

type Random = () => number

const HOUR: Milliseconds = 3_600_000
const DAY = 24 * HOUR

/** From -1 at four in the morning to 1 at four in the afternoon (UTC). */
const daylight = (now: Milliseconds): number => Math.sin((2 * Math.PI * (now - 10 * HOUR)) / DAY)

const round = (value: number, decimals: number): number => Number(value.toFixed(decimals))

/** A quantity that strays a little from what it should be, and comes back within about twenty readings. */
class Stray {
  readonly #random: Random
  readonly #reach: number
  #offset = 0

  constructor(random: Random, reach: number) {
    this.#random = random
    this.#reach = reach
  }

  near(value: number): number {
    this.#offset = 0.95 * this.#offset + 0.3 * this.#reach * (this.#random() - 0.5)
    return value + this.#offset
  }
}

/** How long passed since the last reading, for sensors that count. */
class Elapsed {
  #last: Milliseconds | undefined

  hours(now: Milliseconds): number {
    const hours = Math.max(0, now - (this.#last ?? now)) / HOUR
    this.#last = now
    return hours
  }
}

/** Air of a room or store: `temperature` in °C, `humidity` in %, `battery` in V. */
export class ClimateSensor implements Sensor {
  readonly #mean: number
  readonly #temperature: Stray
  readonly #humidity: Stray

  constructor(random: Random, mean: number) {
    this.#mean = mean
    this.#temperature = new Stray(random, 0.8)
    this.#humidity = new Stray(random, 4)
  }

  object(now: Milliseconds): Record<string, unknown> {
    const temperature = this.#temperature.near(this.#mean + 1.8 * daylight(now))
    const humidity = this.#humidity.near(52 - 6 * daylight(now))
    return { temperature: round(temperature, 1), humidity: round(humidity, 0), battery: 3.58 }
  }
}

/** Air of an office: nested `air.co2` in ppm and `air.tvoc` in ppb, `temperature` in °C, `occupied`. */
export class AirQualitySensor implements Sensor {
  readonly #temperature: Stray
  readonly #random: Random
  #co2 = 520
  #occupied = true

  constructor(random: Random) {
    this.#random = random
    this.#temperature = new Stray(random, 0.5)
  }

  object(now: Milliseconds): Record<string, unknown> {
    if (this.#random() < 0.04) this.#occupied = !this.#occupied
    const settled = this.#occupied ? 1_150 : 430
    this.#co2 += 0.04 * (settled - this.#co2) + 12 * (this.#random() - 0.5)
    const temperature = this.#temperature.near(21.5 + 0.8 * daylight(now))
    return {
      air: { co2: round(this.#co2, 0), tvoc: round(40 + this.#co2 / 9, 0) },
      temperature: round(temperature, 1),
      occupied: this.#occupied,
    }
  }
}

/** A tank that drains and is filled: `level` in %, `distance` to the surface in mm, `battery` in V. */
export class LevelSensor implements Sensor {
  readonly #elapsed = new Elapsed()
  readonly #ripple: Stray
  #level = 74
  #filling = false

  constructor(random: Random) {
    this.#ripple = new Stray(random, 0.3)
  }

  object(now: Milliseconds): Record<string, unknown> {
    this.#level += (this.#filling ? 60 : -9) * this.#elapsed.hours(now)
    if (this.#level < 25) this.#filling = true
    if (this.#level > 90) this.#filling = false
    const level = Math.min(100, Math.max(0, this.#ripple.near(this.#level)))
    return { level: round(level, 1), distance: round(300 + 22 * (100 - level), 0), battery: 3.61 }
  }
}

/**
 * A three-phase energy meter: `energy.import` in kWh (never falls), `power.total` and `power.phases` in W, `voltage`
 * of the phases in V, `serial`.
 */
export class EnergyMeter implements Sensor {
  readonly #elapsed = new Elapsed()
  readonly #load: readonly Stray[]
  readonly #voltage: readonly Stray[]
  #kilowattHours = 48_213.5

  constructor(random: Random) {
    this.#load = [900, 700, 800].map((reach) => new Stray(random, reach))
    this.#voltage = [2, 2, 2].map((reach) => new Stray(random, reach))
  }

  object(now: Milliseconds): Record<string, unknown> {
    const phases = this.#load.map((load) => round(Math.max(0, load.near(4_200 + 1_500 * daylight(now))), 0))
    const total = phases.reduce((sum, phase) => sum + phase, 0)
    this.#kilowattHours += (total / 1_000) * this.#elapsed.hours(now)
    return {
      energy: { import: round(this.#kilowattHours, 3), export: 0 },
      power: { total, phases },
      voltage: this.#voltage.map((voltage) => round(voltage.near(231), 1)),
      serial: 'EM-3380-0417',
    }
  }
}

/** A door: `open`, `state` in words, `openings` since its battery was changed. */
export class DoorContact implements Sensor {
  readonly #random: Random
  #open = false
  #openings = 1_482

  constructor(random: Random) {
    this.#random = random
  }

  object(): Record<string, unknown> {
    const change = this.#random() < (this.#open ? 0.7 : 0.3)
    if (change && !this.#open) this.#openings++
    if (change) this.#open = !this.#open
    return { open: this.#open, state: this.#open ? 'open' : 'closed', openings: this.#openings }
  }
}
