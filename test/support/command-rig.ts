import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { Commands } from '../../src/commands/commands.ts'
import type { CommandAnswer, CommandRecord, CommandRequest, CommandSettings } from '../../src/core/command.ts'
import type { CommandOutlet } from '../../src/core/command-outlet.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { Pipeline } from '../../src/core/pipeline.ts'
import type { ModbusDeviceConfig, Plant } from '../../src/core/plant.ts'
import { StatusCode, statusName } from '../../src/core/status-code.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import type { TagValues } from '../../src/core/tag-values.ts'
import { AuditLog } from '../../src/store/audit.ts'
import { CommandStore } from '../../src/store/command-store.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { ManualClock } from './manual-clock.ts'
import { aModbusDevice, aTag } from './small-plant.ts'

export const commandSettings: CommandSettings = {
  queueLength: 100,
  totalQueueLength: 10_000,
  parallel: 64,
  expiresAfterMs: 60_000,
  keepMs: 86_400_000,
}

export const operator = { user: 'operator', origin: 'http' } as const

/** A device with a tag that can be written, and one that cannot. */
export const aWritableDevice = (key: string, settings: Partial<ModbusDeviceConfig> = {}): ModbusDeviceConfig =>
  aModbusDevice(key, [aTag('setpoint', { access: 'readWrite' }), aTag('level')], settings)

/** Commands of a plant in a real database, with time, values and outlet in the hands of a test. */
export class CommandRig {
  readonly #folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  readonly #settings: CommandSettings
  readonly values: GivenValues
  plant: Plant
  /** What the source has; undefined: the source does not run. */
  running: { outlet: CommandOutlet | undefined } | undefined
  readonly news: CommandRecord[] = []
  clock = new ManualClock()
  database: Database.Database
  commands: Commands

  constructor(plant: Plant, outlet: CommandOutlet | undefined, settings: Partial<CommandSettings> = {}) {
    this.plant = plant
    this.values = new GivenValues(plant, this.clock)
    this.running = { outlet }
    this.#settings = { ...commandSettings, ...settings }
    this.database = this.#open()
    this.commands = this.#begin()
  }

  /** Asks, and answers as soon as that is on disk. */
  async ask(request: Partial<CommandRequest> & Pick<CommandRequest, 'device' | 'order'>): Promise<CommandAnswer> {
    const answer = this.commands.request({ by: operator, ...request })
    await this.clock.advance(0)
    return answer
  }

  async write(device: string, value: TagValue, more: Partial<CommandRequest> = {}): Promise<CommandAnswer> {
    return this.ask({ device, order: { kind: 'write', tag: 'setpoint', value }, ...more })
  }

  /** The number of a command that must be accepted. */
  async accepted(answer: Promise<CommandAnswer>): Promise<number> {
    const said = await answer
    if ('refused' in said) throw new Error(said.refused.reason)
    return said.accepted.id
  }

  /** The name of the status with which a command must be refused. */
  async refused(answer: Promise<CommandAnswer>): Promise<string> {
    const said = await answer
    if ('accepted' in said) throw new Error(`accepted as ${said.accepted.id}`)
    return statusName(said.refused.status)
  }

  state(id: number): string | undefined {
    return this.commands.find(id)?.command.state
  }

  /** Makes the plant another one, as the engine does. */
  changePlant(plant: Plant): void {
    this.commands.hold()
    this.plant = plant
    this.values.renew(plant)
    this.commands.plantChanged()
  }

  /** The process is killed and started again: of what it knew only the file is left, and no timer goes on. */
  restart(begin = true): void {
    this.database.close()
    const now = this.clock.now()
    this.clock = new ManualClock(now)
    this.database = this.#open()
    this.commands = this.#begin(begin)
  }

  remove(): void {
    this.database.close()
    rmSync(this.#folder, { recursive: true })
  }

  #open(): Database.Database {
    const database = openPenstockDatabase(this.#folder)
    // The machine does not lose its power in these tests.
    database.pragma('synchronous = OFF')
    return database
  }

  #begin(begin = true): Commands {
    const { clock, values } = this
    const commands = new Commands({
      journal: new CommandStore(this.database, new AuditLog(this.database)),
      plant: () => this.plant,
      values,
      outlets: { of: () => this.running },
      settings: this.#settings,
      clock,
      log: silentLogger,
      onNews: (changed) => this.news.push(...changed),
    })
    if (begin) commands.begin()
    return commands
  }
}

/** Values by `device/tag`; BadWaitingForInitialData where none is given. */
export class GivenValues implements TagValues {
  readonly #clock: ManualClock
  #pipeline: Pipeline
  #indexing: TagIndexing

  constructor(plant: Plant, clock: ManualClock) {
    this.#clock = clock
    this.#indexing = new TagIndexing(plant)
    this.#pipeline = new Pipeline(this.#indexing.present, clock)
  }

  /** Another plant, of which no value is known. */
  renew(plant: Plant): void {
    this.#indexing = new TagIndexing(plant)
    this.#pipeline = new Pipeline(this.#indexing.present, this.#clock)
  }

  give(id: string, value: TagValue): void {
    this.#pipeline.polled(this.tag(id)?.index as number, value)
  }

  lose(id: string): void {
    this.#pipeline.failed(this.tag(id)?.index as number, StatusCode.BadDeviceFailure)
  }

  tag(id: string): ReturnType<TagValues['tag']> {
    return this.#indexing.byId(id)
  }

  get table(): TagValues['table'] {
    return this.#pipeline.table
  }

  listen(): () => void {
    return () => undefined
  }
}
