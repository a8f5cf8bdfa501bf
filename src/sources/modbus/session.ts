import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { FieldSession } from '../driver.ts'
import type { SourceContext } from '../source.ts'
import type { Area } from './address.ts'
import { ModbusException, meaningOf } from './exception.ts'
import { type ModbusBlock, type ReadItem, type ReadPart, splitPart } from './read-plan.ts'

/** A connection as far as a session needs it; see `ModbusConnection`. */
export interface TableReader {
  readonly ended: Promise<PenstockError>
  read(unitId: number, area: Area, start: number, count: number): Promise<Buffer>
  close(): void
}

/** How long a refused address is left alone; a device may get a new program, or be replaced. */
const RETEST_REFUSED: Milliseconds = 3_600_000

/**
 * Reads blocks over one connection. A block that the device refuses for an address is split until the guilty tags are
 * alone, and the split is remembered in the block; the guilty tags are BadConfigurationError and are asked for again
 * after an hour or over the next connection.
 */
export class ModbusSession implements FieldSession<ModbusBlock> {
  readonly ended: Promise<PenstockError>
  readonly #connection: TableReader
  readonly #context: Pick<SourceContext, 'clock' | 'log' | 'report'>
  /** Parts that the device refuses over this connection, and when to ask for them again. */
  readonly #refused = new Map<ReadPart, Milliseconds>()

  constructor(connection: TableReader, context: Pick<SourceContext, 'clock' | 'log' | 'report'>) {
    this.#connection = connection
    this.#context = context
    this.ended = connection.ended
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async read(block: ModbusBlock, sink: SampleSink): Promise<void> {
    const now = this.#context.clock.monotonic()
    const left = block.parts.filter((part) => (this.#refused.get(part) ?? now) > now)
    // At least one request goes out, or a dead device all of whose tags are refused would seem alive.
    const nothingElse = left.length === block.parts.length
    const spared = nothingElse ? left.slice(1) : left
    for (const part of block.parts) {
      if (spared.includes(part)) continue
      const asked = await this.#readPart(block, part, sink)
      if (asked.length > 1) block.parts = block.parts.flatMap((each) => (each === part ? asked : [each]))
    }
    for (const part of spared) failAll(part.items, StatusCode.BadConfigurationError, sink)
    if (nothingElse && !block.parts.every((part) => this.#refused.has(part))) this.#startOver(block)
  }

  /** Reads the part, in pieces where it must; answers the parts that should be asked for from now on. */
  async #readPart(block: ModbusBlock, part: ReadPart, sink: SampleSink): Promise<readonly ReadPart[]> {
    const { unitId, area } = block
    this.#context.report.count('requests')
    try {
      const data = await this.#connection.read(unitId, area, part.start, part.count)
      for (const item of part.items) deliver(item, part.start, data, sink)
      this.#refused.delete(part)
      return [part]
    } catch (error) {
      if (!(error instanceof ModbusException)) throw error
      this.#context.report.count('refusals')
      return this.#refusal(error, block, part, sink)
    }
  }

  async #refusal(
    refusal: ModbusException,
    block: ModbusBlock,
    part: ReadPart,
    sink: SampleSink,
  ): Promise<readonly ReadPart[]> {
    const meaning = meaningOf(refusal.exceptionCode)
    switch (meaning.kind) {
      case 'busy':
        return [part]
      case 'unreachable':
        throw new PenstockError('TIMEOUT', 'The gateway cannot reach the unit', { cause: refusal })
      case 'status':
        failAll(part.items, meaning.status, sink)
        return [part]
      case 'bad-address': {
        const halves = splitPart(part)
        if (!halves) {
          this.#refuse(refusal, part, sink)
          return [part]
        }
        const [low, high] = halves
        return [...(await this.#readPart(block, low, sink)), ...(await this.#readPart(block, high, sink))]
      }
    }
  }

  /** The device refused everything and now does not: it was not ready, and what was learned from it is worth nothing. */
  #startOver(block: ModbusBlock): void {
    for (const part of block.parts) this.#refused.delete(part)
    block.parts = [block.whole]
  }

  /** The guilty ones are alone. */
  #refuse(refusal: ModbusException, part: ReadPart, sink: SampleSink): void {
    const { clock, log } = this.#context
    failAll(part.items, StatusCode.BadConfigurationError, sink)
    if (!this.#refused.has(part)) {
      for (const { tag } of part.items) {
        const { address } = tag.tag
        log.warn({ tag: tag.id, address, cause: refusal.message }, 'The device has no such address; asked again hourly')
      }
    }
    this.#refused.set(part, clock.monotonic() + RETEST_REFUSED)
  }
}

function failAll(items: readonly ReadItem[], status: StatusCode, sink: SampleSink): void {
  for (const item of items) sink.failed(item.tag.index, status)
}

/** Gives the sink the item's value out of the data that begins at address `start`. */
function deliver({ tag, start: at, decode }: ReadItem, start: number, data: Buffer, sink: SampleSink): void {
  const offset = at - start
  const value = decode ? decode(data, 2 * offset) : (data[offset >> 3]! & (1 << (offset & 7))) !== 0
  if (typeof value === 'object') sink.failed(tag.index, value.status)
  else sink.polled(tag.index, value)
}
