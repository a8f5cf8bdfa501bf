import { type Clock, systemClock } from '../core/clock.ts'
import type { DeviceIdentity } from '../core/device-identity.ts'
import { silentLogger } from '../core/logger.ts'
import type { DeviceBase, TagConfig } from '../core/plant.ts'
import type { DeviceTags } from '../core/tag-index.ts'
import type { FieldDriver, FieldSession, ReadBlock } from './driver.ts'
import { type FieldDiagnostics, fieldDiagnostics } from './field-diagnostics.ts'
import { ModbusDriver } from './modbus/driver.ts'
import { frameWordsOf } from './modbus/frame-words.ts'
import { type Reading, readingOf, requestFor } from './one-reading.ts'
import { S7Driver } from './s7/driver.ts'
import { s7Words } from './s7/frame-words.ts'
import { aloneOn, type FieldDevice, type FieldSource } from './wanted-tag.ts'

/** One connection of the gateway's own drivers, for reading single values without a gateway. */
export interface OneOff {
  readonly diagnostics: FieldDiagnostics
  /** What the other end granted, in words; empty where nothing is negotiated. */
  readonly negotiated: string
  /** Rejects with TIMEOUT, PROTOCOL_VIOLATION or CONNECTION_LOST. The tag must be one that `checked` lets pass. */
  read(device: FieldDevice, tag: TagConfig): Promise<Reading>
  /** What the device says of itself; rejects as `FieldSession.identify`. */
  identify(device: FieldDevice): Promise<DeviceIdentity>
  close(): Promise<void>
}

export interface OneOffTarget {
  readonly source: FieldSource
  /** What an environment variable holds that the source names. */
  readonly secret: (variable: string) => string | undefined
}

/** Connects as the gateway does; rejects as `FieldDriver.connect`. */
export function openOneOff(
  { source, secret }: OneOffTarget,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<OneOff> {
  const context = { clock, random: Math.random, log: silentLogger, report: unreported, secret }
  if (source.kind === 'modbus') {
    const diagnostics = fieldDiagnostics(clock, frameWordsOf(source))
    return connect(source, new ModbusDriver(source, context, diagnostics), { clock, diagnostics, signal }, () => '')
  }
  const diagnostics = fieldDiagnostics(clock, s7Words)
  return connect(
    source,
    new S7Driver(source, context, diagnostics),
    { clock, diagnostics, signal },
    ({ negotiated }) => {
      const { pdu, parallel } = negotiated
      return `PDU of ${pdu} bytes, ${parallel} ${parallel === 1 ? 'request' : 'requests'} at once`
    },
  )
}

interface Means {
  readonly clock: Clock
  readonly diagnostics: FieldDiagnostics
  readonly signal: AbortSignal
}

async function connect<Block extends ReadBlock, Device extends DeviceBase, Driver extends FieldDriver<Block, Device>>(
  source: FieldSource,
  driver: Driver,
  { clock, diagnostics, signal }: Means,
  negotiated: (session: Awaited<ReturnType<Driver['connect']>>) => string,
): Promise<OneOff> {
  const session: FieldSession<Block> = await driver.connect(signal)
  return {
    diagnostics,
    negotiated: negotiated(session as Awaited<ReturnType<Driver['connect']>>),
    read(device, tag) {
      const wanted = aloneOn(source, device, tag)
      // The device is one of the source's, so it is of the driver's kind.
      return readingOf(session, requestFor(driver, wanted as unknown as DeviceTags<Device>), clock)
    },
    identify: (device) => session.identify(device, (request) => request()),
    close: () => session.close(),
  }
}

const unreported = {
  state: () => undefined,
  device: () => undefined,
  count: () => undefined,
  lostUplinks: () => undefined,
}
