import { type Clock, type Milliseconds, systemClock } from '../../core/clock.ts'
import { type DataType, dataTypes, type TagValue } from '../../core/data-type.ts'
import { silentLogger } from '../../core/logger.ts'
import type { DeviceBase, TagConfig } from '../../core/plant.ts'
import type { Problem } from '../../core/problem.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import { type DeviceTags, TagIndexing } from '../../core/tag-index.ts'
import { sourceTypes } from '../../engine/source-types.ts'
import type { FieldDriver, FieldSession, ReadBlock } from '../../sources/driver.ts'
import { type FieldDiagnostics, fieldDiagnostics } from '../../sources/field-diagnostics.ts'
import { ModbusDriver } from '../../sources/modbus/driver.ts'
import { mbapWords } from '../../sources/modbus/frame-words.ts'
import { S7Driver } from '../../sources/s7/driver.ts'
import { s7Words } from '../../sources/s7/frame-words.ts'
import type { FieldDevice, FieldSource } from './target.ts'

/** What a device said of one value. */
export interface Reading {
  readonly value: TagValue | undefined
  /** Undefined: the device is busy, and says nothing of the value. */
  readonly status: StatusCode | undefined
  readonly took: Milliseconds
}

/** One connection of the gateway's own drivers, for reading single values without a gateway. */
export interface OneOff {
  readonly diagnostics: FieldDiagnostics
  /** What the other end granted, in words; empty where nothing is negotiated. */
  readonly negotiated: string
  /** Rejects with TIMEOUT, PROTOCOL_VIOLATION or CONNECTION_LOST. The tag must be one that `checked` lets pass. */
  read(device: FieldDevice, tag: TagConfig): Promise<Reading>
  close(): Promise<void>
}

/** Connects as the gateway does; rejects as `FieldDriver.connect`. */
export function openOneOff(source: FieldSource, signal: AbortSignal, clock: Clock = systemClock): Promise<OneOff> {
  const context = { clock, random: Math.random, log: silentLogger, report: unreported }
  if (source.kind === 'modbus') {
    const diagnostics = fieldDiagnostics(clock, mbapWords)
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
export function tagAt(
  source: FieldSource,
  device: FieldDevice,
  wanted: Partial<TagConfig> & Pick<TagConfig, 'address'>,
): { readonly tag: TagConfig; readonly problems: readonly Problem[] } {
  const first: readonly DataType[] = source.kind === 's7' ? ['Boolean', 'Byte', 'UInt16'] : ['Boolean', 'UInt16']
  const types = wanted.type === undefined ? [...first, ...dataTypes] : [wanted.type]
  const tags = types.map((type): TagConfig => ({ key: 'value', name: 'value', disabled: false, ...wanted, type }))
  const problemsOf = (tag: TagConfig) => {
    const config = holding(source, device, tag)
    const problems = config.kind === 's7' ? sourceTypes.s7.validate(config) : sourceTypes.modbus.validate(config)
    return problems.map((each) => ({ ...each, path: each.path.replace(/^devices\[0\]\.tags\[0\]\./, '') }))
  }
  const tag = tags.find((each) => problemsOf(each).length === 0) ?? tags[wanted.type === undefined ? 1 : 0]
  return { tag: tag as TagConfig, problems: problemsOf(tag as TagConfig) }
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
    async read(device, tag) {
      const config = holding(source, device, tag)
      const tags = new TagIndexing({ sources: [config] }).ofDevice(device.key)
      // The device is one of the source's, so it is of the driver's kind.
      const [block] = driver.plan({ device, tags } as unknown as DeviceTags<Device>, tags)
      const seen: Pick<Reading, 'value' | 'status'>[] = []
      const from = clock.monotonic()
      if (block) await session.read(block, sinkInto(seen))
      return { value: undefined, status: undefined, ...seen.at(-1), took: clock.monotonic() - from }
    },
    close: () => session.close(),
  }
}

/** The source with nothing but this tag. */
function holding(source: FieldSource, device: FieldDevice, tag: TagConfig): FieldSource {
  const alone = { ...device, disabled: false, tags: [tag] }
  return { ...source, disabled: false, devices: [alone] } as FieldSource
}

function sinkInto(seen: Pick<Reading, 'value' | 'status'>[]): SampleSink {
  return {
    polled: (_tag, value) => void seen.push({ value, status: StatusCode.Good }),
    failed: (_tag, status) => void seen.push({ value: undefined, status }),
    event: () => false,
    lost: () => undefined,
    restored: () => undefined,
    expectEvery: () => undefined,
  }
}

const unreported = {
  state: () => undefined,
  device: () => undefined,
  count: () => undefined,
  lostUplinks: () => undefined,
}
