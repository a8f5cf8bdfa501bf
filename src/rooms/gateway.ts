import { extname } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Alarm } from '../core/alarm.ts'
import type { AuditRow } from '../core/audit.ts'
import type { CalibrationReport, WantedCalibration } from '../core/calibration.ts'
import type {
  CertificateAnswer,
  CertificateChange,
  CertificateName,
  KnownCertificate,
  KnownRevocationList,
} from '../core/certificate.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor, CommandAnswer, CommandQuery, CommandRecord, CommandRequest } from '../core/command.ts'
import type {
  FrameTrace,
  IdentityAnswer,
  ReadAnswer,
  ReadProblem,
  SourceDiagnostics,
  WantedIdentity,
  WantedReading,
} from '../core/diagnostics.ts'
import type { Findings } from '../core/drift.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { AskedHistoryEdit, EditAnswer } from '../core/history-edit.ts'
import type { LevelOverride } from '../core/log-level.ts'
import type { Logger } from '../core/logger.ts'
import { changeBetween, withoutDevices } from '../core/plant-change.ts'
import type { Tracing } from '../core/tracing.ts'
import type { UserRecord } from '../core/user.ts'
import type {
  CommandHistory,
  ConfiguredPlant,
  EngineHealth,
  FromRoom,
  MainToEngine,
  OpcuaHealth,
  OpcuaSession,
  PlantEdition,
  TagWatcher,
  ToOpcua,
  ToRoom,
  UsersChanged,
} from '../link/contract.ts'
import type { Direction, Link } from '../link/link.ts'
import { Room, type RoomHealth } from './room.ts'

export type RoomName = 'engine' | 'opcua'

export interface RoomPlan {
  readonly entry: URL
  readonly data: Record<string, unknown>
  readonly maxHeapMb: number
  readonly prepare?: () => Promise<unknown>
  /** It ended several times in a row, the last time because of this. */
  readonly onUnstable?: (cause: string) => void
}

/** Together they leave a second of the five that an ordered end may take. */
const OPCUA_ENDS_WITHIN: Milliseconds = 2_000
const ENGINE_ENDS_WITHIN: Milliseconds = 2_000
/** Thousands of devices can change at once. */
const CHANGE_WITHIN: Milliseconds = 60_000
const HEALTH_WITHIN: Milliseconds = 1_000
/** A request may be under way, then comes this one, each with the timeout of its source. */
const READ_WITHIN: Milliseconds = 60_000
/** A command that is being sent is taken back once it is known whether it went out. */
const CANCEL_WITHIN: Milliseconds = 90_000
/** A thousand values for as many chunks, while the disk is slow. */
const EDIT_WITHIN: Milliseconds = 60_000

/** The worker module `path` below `src`, as it is on disk: `.ts` when the sources run, `.js` when they are built. */
export function roomEntry(path: string): URL {
  return new URL(`../${path}${extname(import.meta.url)}`, import.meta.url)
}

/** The two worker rooms, joined by a link that is made anew whenever one of them is. */
export class Rooms {
  readonly #engine: Room
  readonly #opcua: Room
  readonly #log: Logger
  /** The newest, which the engine has, is told of or begins with. */
  #configured: PlantEdition

  constructor(parts: {
    plans: Record<RoomName, RoomPlan>
    /** With what the engine begins, as its plan has it too. */
    configured: PlantEdition
    clock: Clock
    log: Logger
    random: () => number
    tracing?: Tracing | undefined
  }) {
    const { plans, clock, log, random, tracing } = parts
    this.#log = log
    this.#configured = parts.configured
    const room = (name: RoomName) =>
      new Room({ name, clock, log, random, tracing, onNewThread: () => this.#join(), ...plans[name] })
    this.#engine = room('engine')
    this.#opcua = room('opcua')
  }

  start(): void {
    this.#engine.start()
    this.#opcua.start()
  }

  /**
   * Makes the engine run this plant, now and whenever it starts anew; resolves when everything follows it. Rejects with
   * ROOM_UNAVAILABLE while there is no engine, and with TIMEOUT: it will have the plant once it is back.
   */
  async changePlant(to: ConfiguredPlant): Promise<void> {
    const before = this.#configured
    const edition = before.edition + 1
    this.#configured = { ...to, edition }
    this.#engine.renewData({ ...this.#configured })
    const { plant, ...others } = this.#configured
    const change = changeBetween(before.plant, plant, withoutDevices)
    await this.#engineLink.ask('changePlant', { ...others, change }, CHANGE_WITHIN)
  }

  /** The engine begins without its sources, whenever it starts anew. */
  holdSources(): void {
    this.#engine.renewData({ safeMode: true })
  }

  /** Sources begin now, and whenever the engine starts anew. Rejects as `changePlant` does: they then begin with it. */
  async releaseSources(): Promise<void> {
    this.#engine.renewData({ safeMode: false })
    await this.#engineLink.ask('releaseSources', null, CHANGE_WITHIN)
  }

  /** The OPC UA server tells its clients of an alarm of the gateway; lost where it does not run. */
  tellAlarm(alarm: Alarm): void {
    const link = this.#opcua.link as Link<ToOpcua, FromRoom> | undefined
    link?.tell('alarm', alarm)
  }

  /** What is logged otherwise than the configuration says, now and in threads that start anew. */
  showLogLevels(logLevels: readonly LevelOverride[]): void {
    for (const room of [this.#engine, this.#opcua]) {
      room.renewData({ logLevels })
      room.link?.tell('logLevels', logLevels)
    }
  }

  /** The OPC UA room begins with these users of the database. */
  beginWith(users: readonly UserRecord[]): void {
    this.#opcua.renewData({ users })
  }

  /** The database has these users, now and whenever the OPC UA room starts anew. */
  showUsers(changed: UsersChanged): void {
    this.#opcua.renewData({ users: changed.users })
    const link = this.#opcua.link as Link<ToOpcua, FromRoom> | undefined
    link?.tell('users', changed)
  }

  /** Rejects with ROOM_UNAVAILABLE or TIMEOUT where the OPC UA room does not answer. */
  async certificates(): Promise<readonly KnownCertificate[]> {
    return this.#opcuaLink.ask('certificates', null)
  }

  /** The revocation lists that count. Rejects as `certificates` does. */
  async revocationLists(): Promise<readonly KnownRevocationList[]> {
    return this.#opcuaLink.ask('revocationLists', null)
  }

  /** A certificate as PEM; null: there is none of this thumbprint. Rejects as `certificates` does. */
  async certificateText(which: CertificateName): Promise<string | null> {
    return this.#opcuaLink.ask('certificateText', which)
  }

  /** Decides about a certificate, live. Rejects as `certificates` does. */
  async changeCertificates(change: CertificateChange, by: Actor): Promise<CertificateAnswer> {
    return this.#opcuaLink.ask('changeCertificates', { change, by })
  }

  /** Resolves once both rooms have begun their work for the first time. */
  get running(): Promise<void> {
    return Promise.all([this.#engine.running, this.#opcua.running]).then(() => undefined)
  }

  /** The clients are told first, then collecting ends, so that nothing accepted is lost. Answers whether both did so. */
  async stop(): Promise<boolean> {
    const ofOpcua = await this.#opcua.stop(OPCUA_ENDS_WITHIN)
    const ofEngine = await this.#engine.stop(ENGINE_ENDS_WITHIN)
    return ofOpcua && ofEngine
  }

  states(): Record<RoomName, RoomHealth> {
    return { engine: this.#engine.health(), opcua: this.#opcua.health() }
  }

  engineHealth(): Promise<EngineHealth | null> {
    return this.#ask(this.#engine.link as Link<MainToEngine, FromRoom> | undefined)
  }

  /** What sources have found beside the configuration; null while the engine does not answer. */
  async findings(): Promise<readonly Findings[] | null> {
    const link = this.#engine.link as Link<MainToEngine, FromRoom> | undefined
    try {
      return link ? await link.ask('findings', null, HEALTH_WITHIN) : null
    } catch (error) {
      this.#log.debug({ error: describeError(error) }, 'the engine did not say what was found')
      return null
    }
  }

  /** How the requests of every source, or of one, fare. Rejects with ROOM_UNAVAILABLE or TIMEOUT without an engine. */
  async diagnostics(source: string | undefined): Promise<readonly SourceDiagnostics[]> {
    return this.#engineLink.ask('diagnostics', { source }, HEALTH_WITHIN)
  }

  /** What went over a source's connection, null where nothing is traced. Rejects as `diagnostics` does. */
  async frames(source: string, after: number): Promise<FrameTrace | null> {
    return this.#engineLink.ask('frames', { source, after }, HEALTH_WITHIN)
  }

  /** Reads one address between two polls. Rejects with ROOM_UNAVAILABLE or TIMEOUT where the engine does not answer. */
  async readOnce(wanted: WantedReading): Promise<ReadAnswer> {
    return this.#engineLink.ask('readOnce', wanted, READ_WITHIN)
  }

  /** What a device says of itself. Rejects as `readOnce` does. */
  async identify(wanted: WantedIdentity): Promise<IdentityAnswer> {
    return this.#engineLink.ask('identify', wanted, READ_WITHIN)
  }

  /** Begins to measure what a device bears. Rejects as `diagnostics` does. */
  async calibrate(wanted: WantedCalibration): Promise<CalibrationReport | ReadProblem> {
    return this.#engineLink.ask('calibrate', wanted)
  }

  /** The calibration of the source that runs, or its last one. Rejects as `diagnostics` does. */
  async calibration(source: string): Promise<CalibrationReport | null> {
    return this.#engineLink.ask('calibration', { source }, HEALTH_WITHIN)
  }

  /** Ends the calibration that runs; null: none does. Rejects as `diagnostics` does. */
  async cancelCalibration(source: string, by: Actor): Promise<CalibrationReport | null> {
    return this.#engineLink.ask('cancelCalibration', { source, by })
  }

  /** A port at whose other end the engine serves plant and values; undefined while there is no engine. */
  linkToEngine(): MessagePort | undefined {
    const engine = this.#engine.link
    if (!engine || engine.ended) return undefined
    const { port1, port2 } = new MessageChannel()
    give(engine, port1)
    return port2
  }

  /** Changes what is recorded of a tag. Rejects as `diagnostics` does; after TIMEOUT a part of it may be done. */
  async editHistory(asked: AskedHistoryEdit): Promise<EditAnswer> {
    return this.#engineLink.ask('editHistory', asked, EDIT_WITHIN)
  }

  /** Asks for something to be done. Rejects as `diagnostics` does; after TIMEOUT it may have been accepted. */
  async command(request: CommandRequest): Promise<CommandAnswer> {
    return this.#engineLink.ask('command', request)
  }

  /** Takes a command back. Rejects as `diagnostics` does. */
  async cancelCommand(of: { readonly id: number; readonly by: Actor }): Promise<CommandAnswer> {
    return this.#engineLink.ask('cancelCommand', of, CANCEL_WITHIN)
  }

  /** Commands, the newest first. Rejects as `diagnostics` does. */
  async commands(query: CommandQuery): Promise<readonly CommandRecord[]> {
    return this.#engineLink.ask('commands', query)
  }

  /** One command with the states it was in; null where there is none. Rejects as `diagnostics` does. */
  async commandSteps(id: number): Promise<CommandHistory | null> {
    return this.#engineLink.ask('commandSteps', { id })
  }

  /** The newest rows of the audit log. Rejects as `diagnostics` does. */
  async audit(limit: number, before: number | undefined): Promise<readonly AuditRow[]> {
    return this.#engineLink.ask('audit', { limit, before })
  }

  opcuaHealth(): Promise<OpcuaHealth | null> {
    return this.#ask(this.#opcua.link as Link<ToOpcua, FromRoom> | undefined)
  }

  /** Who is connected to the OPC UA server. Rejects with ROOM_UNAVAILABLE or TIMEOUT where it does not answer. */
  async sessions(): Promise<readonly OpcuaSession[]> {
    return this.#opcuaLink.ask('sessions', null, HEALTH_WITHIN)
  }

  /** Ends a session; false: there is none with this id. Rejects as `sessions` does. */
  async closeSession(id: string, by: Actor): Promise<boolean> {
    return this.#opcuaLink.ask('closeSession', { id, by }, HEALTH_WITHIN)
  }

  /** Who monitors a tag. Rejects as `sessions` does. */
  async watchers(tag: string): Promise<readonly TagWatcher[]> {
    return this.#opcuaLink.ask('watchers', { tag }, HEALTH_WITHIN)
  }

  get #opcuaLink(): Link<ToOpcua, FromRoom> {
    const link = this.#opcua.link as Link<ToOpcua, FromRoom> | undefined
    if (!link) throw new PenstockError('ROOM_UNAVAILABLE', 'The OPC UA server is being started')
    return link
  }

  get #engineLink(): Link<MainToEngine, FromRoom> {
    const link = this.#engine.link as Link<MainToEngine, FromRoom> | undefined
    if (!link) throw new PenstockError('ROOM_UNAVAILABLE', 'The engine is being started')
    return link
  }

  #join(): void {
    const engine = this.#engine.link
    const opcua = this.#opcua.link
    if (!engine || !opcua) return
    const { port1, port2 } = new MessageChannel()
    give(engine, port1)
    give(opcua, port2)
  }

  async #ask<Health>(
    link: Link<Direction & { asks: { health: (none: null) => Health } }, FromRoom> | undefined,
  ): Promise<Health | null> {
    if (!link) return null
    try {
      return (await link.ask('health', null, HEALTH_WITHIN)) as Health
    } catch (error) {
      this.#log.debug({ error: describeError(error) }, 'a room did not say how it is')
      return null
    }
  }
}

function give(link: Link<ToRoom, FromRoom>, port: MessageChannel['port1']): void {
  link.tell('peer', { port }, [port])
}
