import { type Clock, type Milliseconds, type Moment, momentOf } from '../../core/clock.ts'
import type { DeviceIdentity } from '../../core/device-identity.ts'
import { PenstockError } from '../../core/errors.ts'
import type { DeviceBase, ModbusDeviceConfig } from '../../core/plant.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { FieldSession, ReadOutcome, Turn } from '../driver.ts'
import type { WriteAnswer, WritePermit } from '../field-write.ts'
import { noRecorder, type RequestRecorder } from '../request-recorder.ts'
import type { SourceContext } from '../source.ts'
import { type Area, isBitArea } from './address.ts'
import { isUndecodable } from './decoded.ts'
import { ModbusException, meaningOf } from './exception.ts'
import { type AskUnit, identifyUnit } from './identification/identify.ts'
import { bytesUsed, type ModbusBlock, type ReadItem, splitBlock } from './read-plan.ts'
import { meaningOfRefusal, perform, type TableWriter } from './write.ts'
import type { ModbusWrite } from './write-plan.ts'

/** A connection as far as a session needs it; see `ModbusConnection`. */
export interface TableReader {
  readonly ended: Promise<PenstockError>
  read(unitId: number, area: Area, start: number, count: number, within?: Milliseconds): Promise<Buffer>
  close(): Promise<void>
}

/** All that is asked of a connection. */
export type UnitConnection = TableReader & TableWriter & { readonly ask: AskUnit }

/** Who is told how long each request took, and how it ended. */
export interface Recording {
  readonly clock: Clock
  readonly recorder: RequestRecorder | undefined
}

const READ = { kind: 'read' } as const

/**
 * Reads blocks over one connection, one request a block, `window` of them at once. A block that the device refuses for an address is given back
 * in halves, until the guilty tags are alone; these are BadConfigurationError.
 */
export class ModbusSession implements FieldSession<ModbusBlock> {
  readonly ended: Promise<PenstockError>
  readonly window: number
  readonly #connection: UnitConnection
  readonly #report: Pick<SourceContext['report'], 'count'>
  readonly #recorder: RequestRecorder
  readonly #clock: Clock | undefined

  constructor(
    connection: UnitConnection,
    report: Pick<SourceContext['report'], 'count'>,
    recording?: Recording,
    window = 1,
  ) {
    this.window = window
    this.#connection = connection
    this.#report = report
    this.#recorder = recording?.recorder ?? noRecorder
    this.#clock = recording?.clock
    this.ended = connection.ended
  }

  #now(): Milliseconds {
    return this.#clock?.monotonic() ?? 0
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async write(write: ModbusWrite, permit: WritePermit): Promise<WriteAnswer> {
    const { key } = write.tag.device
    const counted: TableWriter = {
      read: (...asked) => this.#counted(key, 2 * asked[3], () => this.#connection.read(...asked)),
      write: (...asked) => this.#counted(key, 0, () => this.#connection.write(...asked)),
    }
    try {
      await perform(counted, write, permit)
      return { kind: 'done' }
    } catch (error) {
      if (error instanceof ModbusException) return meaningOfRefusal(error)
      throw error
    }
  }

  /** A request of another kind, noted as those of reads are. */
  async #counted<T>(deviceKey: string, bytes: number, ask: () => Promise<T>): Promise<T> {
    const sentAt = this.#now()
    this.#report.count('requests')
    try {
      const answer = await ask()
      this.#recorder.answered(deviceKey, this.#now() - sentAt, bytes, bytes)
      return answer
    } catch (error) {
      const took = this.#now() - sentAt
      if (error instanceof ModbusException) {
        this.#report.count('refusals')
        this.#recorder.answered(deviceKey, took, 0, 0)
        this.#recorder.refused(deviceKey, `exception ${error.exceptionCode}`)
      } else if (error instanceof PenstockError) {
        this.#recorder.failed(deviceKey, took, error.code)
      }
      throw error
    }
  }

  /** Rejects as `identifyUnit`. */
  identify(device: DeviceBase, turn: Turn): Promise<DeviceIdentity> {
    // The devices of a Modbus source are units.
    const { key, unitId } = device as ModbusDeviceConfig
    return identifyUnit((adu) => turn(() => this.#counted(key, 0, () => this.#connection.ask(adu))), unitId)
  }

  async read(block: ModbusBlock, sink: SampleSink, within?: Milliseconds): Promise<ReadOutcome<ModbusBlock>> {
    const { unitId, area, start, count, items } = block
    const deviceKey = items[0]?.tag.device.key ?? ''
    const sentAt = this.#now()
    this.#report.count('requests')
    try {
      const data = await this.#connection.read(unitId, area, start, count, within)
      const at = this.#clock && momentOf(this.#clock)
      this.#recorder.answered(deviceKey, at ? at.monotonic - sentAt : 0, data.length, bytesUsed(block), at)
      deliver(block, data, sink, at)
      return READ
    } catch (error) {
      const took = this.#now() - sentAt
      if (!(error instanceof ModbusException)) {
        if (error instanceof PenstockError) this.#recorder.failed(deviceKey, took, error.code)
        throw error
      }
      this.#report.count('refusals')
      this.#recorder.answered(deviceKey, took, 0, 0)
      this.#recorder.refused(deviceKey, `exception ${error.exceptionCode}`)
      return refusal(error, block, sink)
    }
  }
}

function refusal(cause: ModbusException, block: ModbusBlock, sink: SampleSink): ReadOutcome<ModbusBlock> {
  const meaning = meaningOf(cause.exceptionCode)
  switch (meaning.kind) {
    case 'busy':
      return READ
    case 'unreachable':
      throw new PenstockError('TIMEOUT', 'The gateway cannot reach the unit', { cause })
    case 'status':
      failAll(block.items, meaning.status, sink)
      return READ
    case 'bad-address': {
      const into = block.alone ? [block.alone] : splitBlock(block)
      if (into) return { kind: 'split', into }
      failAll(block.items, StatusCode.BadConfigurationError, sink)
      return { kind: 'refused', cause }
    }
  }
}

function failAll(items: readonly ReadItem[], status: StatusCode, sink: SampleSink): void {
  for (const item of items) sink.failed(item.tag.index, status)
}

/** Gives the sink each item's value out of the data that begins at the block's first address. */
function deliver({ items, area, start }: ModbusBlock, data: Buffer, sink: SampleSink, at: Moment | undefined): void {
  const bits = isBitArea(area)
  for (const { tag, start: first, decode } of items) {
    const offset = first - start
    const value = decode ? decode(data, bits ? offset : 2 * offset) : (data[offset >> 3]! & (1 << (offset & 7))) !== 0
    if (isUndecodable(value)) sink.failed(tag.index, value.status)
    else sink.polled(tag.index, value, at)
  }
}
