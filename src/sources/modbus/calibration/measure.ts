import type { Clock } from '../../../core/clock.ts'
import {
  MOST_AT_ONCE,
  type ModbusDeviceConfig,
  type ModbusSourceConfig,
  windowedTransports,
} from '../../../core/plant.ts'
import { ModbusDriver } from '../driver.ts'
import { forbiddenOf } from '../forbidden.ts'
import type { TableReader } from '../session.ts'
import { type Calibration, calibrate, type KnownRange } from './calibrate.ts'

export interface Measuring {
  readonly source: ModbusSourceConfig
  readonly device: ModbusDeviceConfig
  /** Not empty. */
  readonly ranges: readonly KnownRange[]
  readonly secret: (variable: string) => string | undefined
  readonly clock: Clock
  readonly random: () => number
  /** Hangs up at once, also in the middle of a request. */
  readonly signal: AbortSignal
  readonly mostRequests: number
  readonly seconds: number
  /** Told each step before it begins. */
  readonly say: (step: string) => void
  /** Told each request before it is sent. */
  readonly asked?: () => void
}

const unreported = {
  state: () => undefined,
  device: () => undefined,
  count: () => undefined,
  lostUplinks: () => undefined,
}

/** Calibrates over a connection of its own, as the source would make it; rejects as `calibrate`. */
export function measure({ source, device, secret, seconds, asked, ...parts }: Measuring): Promise<Calibration> {
  const { clock, random, signal } = parts
  // Pauses are what is measured, so the configured one is left out.
  const config = { ...source, delayBetweenRequestsMs: 0 }
  const driver = new ModbusDriver(config, { clock, random, report: unreported, secret })
  return calibrate({
    ...parts,
    connect: async (window) => hungUpBy(signal, await driver.open(signal, window), asked),
    mostAtOnce: windowedTransports.includes(source.transport) ? MOST_AT_ONCE : 1,
    unitId: device.unitId,
    forbidden: forbiddenOf(device),
    mostMs: seconds * 1_000,
  })
}

function hungUpBy(signal: AbortSignal, tables: TableReader, asked: Measuring['asked']): TableReader {
  const hangUp = () => void tables.close()
  signal.addEventListener('abort', hangUp, { once: true })
  if (signal.aborted) hangUp()
  return {
    ended: tables.ended,
    read: (...wanted) => {
      asked?.()
      return tables.read(...wanted)
    },
    close: () => {
      signal.removeEventListener('abort', hangUp)
      return tables.close()
    },
  }
}
