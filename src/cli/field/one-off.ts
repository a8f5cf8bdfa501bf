import { type Clock, systemClock } from '../../core/clock.ts'
import type { DeviceIdentity } from '../../core/device-identity.ts'
import type { WantedReading } from '../../core/diagnostics.ts'
import { silentLogger } from '../../core/logger.ts'
import type { DeviceBase, TagConfig } from '../../core/plant.ts'
import type { DeviceTags } from '../../core/tag-index.ts'
import { sourceTypes } from '../../engine/source-types.ts'
import type { FieldDriver, FieldSession, ReadBlock } from '../../sources/driver.ts'
import { type FieldDiagnostics, fieldDiagnostics } from '../../sources/field-diagnostics.ts'
import { ModbusDriver } from '../../sources/modbus/driver.ts'
import { frameWordsOf } from '../../sources/modbus/frame-words.ts'
import { type Reading, readingOf, requestFor } from '../../sources/one-reading.ts'
import { S7Driver } from '../../sources/s7/driver.ts'
import { s7Words } from '../../sources/s7/frame-words.ts'
import { aloneOn, type CheckedTag, type FieldDevice, type FieldSource, wantedTag } from '../../sources/wanted-tag.ts'
import type { Target } from './target.ts'

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

/** Connects as the gateway does; rejects as `FieldDriver.connect`. */
export function openOneOff(
  { source, secret }: Target,
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

/** The tag at this address that the command line asks for, and everything wrong with it. */
export const tagAt = (
  source: FieldSource,
  device: FieldDevice,
  wanted: Omit<WantedReading, 'source' | 'device'>,
): CheckedTag => wantedTag(sourceTypes, source, device, wanted)

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
