import type { Clock } from '../../src/core/clock.ts'
import { type Logger, silentLogger } from '../../src/core/logger.ts'
import type { S7SourceConfig } from '../../src/core/plant.ts'
import { S7Driver } from '../../src/sources/s7/driver.ts'
import type { S7ReadBlock } from '../../src/sources/s7/read-plan.ts'
import type { S7Session } from '../../src/sources/s7/session.ts'
import { RecordingContext } from './modbus-context.ts'
import { s7DevicesOf } from './s7-plant.ts'

/** A session with a CPU that reads all tags of the configuration when it is told to, and remembers what it saw. */
export class ReadingSession {
  readonly context: RecordingContext
  session: S7Session
  readonly blocks: readonly S7ReadBlock[]
  /** Warnings that an operator finds in the log. */
  readonly warnings: readonly string[]

  readonly #driver: S7Driver

  private constructor(
    driver: S7Driver,
    context: RecordingContext,
    session: S7Session,
    blocks: readonly S7ReadBlock[],
    warnings: readonly string[],
  ) {
    this.#driver = driver
    this.context = context
    this.session = session
    this.blocks = blocks
    this.warnings = warnings
  }

  static async connect(config: S7SourceConfig, clock: Clock): Promise<ReadingSession> {
    const context = new RecordingContext(clock)
    const warnings: string[] = []
    const log: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) }
    const driver = new S7Driver(config, { clock, log, report: context.report })
    const blocks = s7DevicesOf(config).flatMap((device) =>
      driver.plan(device, [{ period: 1_000, tags: device.tags }]).flat(),
    )
    const session = await driver.connect(new AbortController().signal)
    return new ReadingSession(driver, context, session, blocks, warnings)
  }

  /** Goes on over a new connection. */
  async reconnect(): Promise<void> {
    await this.session.close()
    this.session = await this.#driver.connect(new AbortController().signal)
  }

  /** Reads every block once, one after the other. */
  async readAll(): Promise<void> {
    for (const block of this.blocks) await this.session.read(block, this.context.sink)
  }

  /** Value, or status where there is none, of every tag in the order of the configuration. */
  seen(): unknown[] {
    return [...this.context.sink.last].sort(([a], [b]) => a - b).map(([, seen]) => seen.value ?? seen.status)
  }

  close(): Promise<void> {
    return this.session.close()
  }
}
