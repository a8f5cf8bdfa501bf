import { expect } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Order } from '../../src/core/command.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import type { ModbusSourceConfig, S7SourceConfig } from '../../src/core/plant.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import { s7Source } from '../../src/sources/s7/source-type.ts'
import type { CommandOutlet, Delivery, OutgoingCommand, Source } from '../../src/sources/source.ts'
import { RecordingContext, type Seen } from './modbus-context.ts'
import { devicesOf } from './modbus-plant.ts'
import { s7DevicesOf } from './s7-plant.ts'

const FAR = 60_000

/** A Modbus or S7 source at work, to whose devices a test writes. */
export class WritingSource {
  readonly source: Source
  readonly context: RecordingContext
  readonly #config: ModbusSourceConfig | S7SourceConfig
  #id = 0

  private constructor(config: ModbusSourceConfig | S7SourceConfig, source: Source, context: RecordingContext) {
    this.#config = config
    this.source = source
    this.context = context
  }

  /** Resolves when every device was read. */
  static async start(config: ModbusSourceConfig | S7SourceConfig): Promise<WritingSource> {
    const context = new RecordingContext(systemClock)
    const source = await (config.kind === 's7'
      ? s7Source.create(config, s7DevicesOf(config), context)
      : modbusSource.create(config, devicesOf(config), context))
    const writing = new WritingSource(config, source, context)
    source.start()
    const tags = config.devices.reduce((sum, { tags: { length } }) => sum + length, 0)
    await expect.poll(() => context.sink.last.size, { timeout: 8_000 }).toBe(tags)
    return writing
  }

  get outlet(): CommandOutlet {
    const { outlet } = this.source
    if (!outlet) throw new Error('The source takes no commands')
    return outlet
  }

  write(tag: string, value: TagValue, fields: Partial<OutgoingCommand> = {}): Promise<Delivery> {
    return this.send({ kind: 'write', tag, value }, fields)
  }

  send(order: Order, fields: Partial<OutgoingCommand> = {}, signal?: AbortSignal): Promise<Delivery> {
    return this.outlet.send(this.#command(order, fields), signal ?? new AbortController().signal)
  }

  check(order: Order): ReturnType<CommandOutlet['check']> {
    return this.outlet.check(this.#command(order, {}))
  }

  /** What the tag was last given. */
  seen(key: string): Seen | undefined {
    const index = this.#config.devices.flatMap(({ tags }) => tags).findIndex((tag) => tag.key === key)
    return this.context.sink.last.get(index)
  }

  stop(): Promise<void> {
    return this.source.stop()
  }

  #command(order: Order, fields: Partial<OutgoingCommand>): OutgoingCommand {
    const device = this.#config.devices[0]?.key ?? ''
    return { id: ++this.#id, device, order, deadline: systemClock.now() + FAR, ...fields }
  }
}
