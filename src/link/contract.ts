import type { MessagePort } from 'node:worker_threads'
import type { Alarm } from '../core/alarm.ts'
import type { AuditEntry, AuditRow } from '../core/audit.ts'
import type { CalibrationReport, WantedCalibration } from '../core/calibration.ts'
import type {
  CertificateAnswer,
  CertificateChange,
  CertificateName,
  EndingCertificate,
  KnownCertificate,
  KnownRevocationList,
} from '../core/certificate.ts'
import type { Actor, CommandAnswer, CommandQuery, CommandRecord, CommandRequest, CommandStep } from '../core/command.ts'
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
import type { HistoryHealth, SourceHealth } from '../core/health.ts'
import type { AskedHistoryEdit, EditAnswer } from '../core/history-edit.ts'
import type { LevelOverride } from '../core/log-level.ts'
import type { Plant } from '../core/plant.ts'
import type { PlantChange } from '../core/plant-change.ts'
import type { SinkHealth } from '../core/sink.ts'
import type { NumberedPlant } from '../core/tag-index.ts'
import type { DeviceTemplate } from '../core/template.ts'
import type { ThreadHealth } from '../core/thread-health.ts'
import type { UserRecord } from '../core/user.ts'

/**
 * Who may ask what of whom. Three links join the rooms: main–engine, main–opcua and engine–opcua; main makes the
 * last one's channel and hands its ends out again whenever one of the two rooms is new.
 */

/** What the OPC UA room can ask of the engine. */
export type ToEngine = {
  asks: {
    /** The plant as it runs; `TagIndexing` of it with its ids numbers the tags exactly as the engine does. */
    plant: (none: null) => NumberedPlant
    /**
     * From now on batches come: first every tag once, in order and in as many batches as it takes, then every change.
     * False, and nothing comes, if the plant is of another revision meanwhile.
     */
    subscribe: (at: { readonly revision: number }) => boolean
    store: (none: null) => StoredHealth
    /** Changes what is recorded of a tag; answered when it is committed. */
    editHistory: (asked: AskedHistoryEdit) => EditAnswer
    /** Answered when the command is committed, or refused; what becomes of it comes as `commands`. */
    command: (request: CommandRequest) => CommandAnswer
    /** Takes a command back that has not gone out; answered with it as it is then, or why it cannot be taken back. */
    cancelCommand: (of: { readonly id: number; readonly by: Actor }) => CommandAnswer
  }
  tells: {
    /** What the audit log has to have; bounded by whoever tells it. */
    audit: readonly AuditEntry[]
  }
}

/** What the engine tells a room that subscribed. */
export type FromEngine = {
  asks: {
    /** The plant of a subscriber changes by this, before any batch that numbers tags accordingly. */
    changePlant: (step: PlantStep) => null
  }
  tells: {
    /**
     * How each source is: with all of its devices before the first batch of a subscription, and then, after each change
     * and at most four times a second, with those of which there is something new.
     */
    sources: readonly SourceHealth[]
    /** Commands whose state changed, in the order of the changes; after a subscription, all that are not final. */
    commands: readonly CommandRecord[]
  }
}

/** A plant as the configuration has it, with the secrets that it names, by their environment variables. */
export interface ConfiguredPlant {
  readonly plant: Plant
  readonly templates: readonly DeviceTemplate[]
  readonly secrets: Readonly<Record<string, string>>
}

/** One of the plants that were configured since the gateway began, counted from 0. */
export interface PlantEdition extends ConfiguredPlant {
  readonly edition: number
}

/** What makes an edition of the one before it: what stays the same need not cross to another thread. */
export interface EditionChange extends Omit<PlantEdition, 'plant'> {
  readonly change: PlantChange
}

/** One step from a plant to the next. */
export interface PlantStep {
  readonly revision: number
  readonly change: PlantChange
}

/** A command with the states it was in, the oldest first. */
export interface CommandHistory {
  readonly command: CommandRecord
  readonly steps: readonly CommandStep[]
}

/** What main asks of each room, beside what the engine answers to everybody. */
export type ToRoom = {
  asks: {
    /** Ends in order: nothing accepted is lost, clients are told. */
    stop: (none: null) => null
  }
  tells: {
    /** The other end of this port is a new link to the peer room. */
    peer: { readonly port: MessagePort }
    /** What is logged otherwise than the configuration says, from now on. */
    logLevels: readonly LevelOverride[]
  }
}

export type FromRoom = {
  asks: Record<never, never>
  tells: {
    /** The room does its work; for the OPC UA room: clients can connect. */
    ready: { readonly at: number }
  }
}

export interface EngineHealth {
  readonly startedAt: number
  readonly tags: number
  readonly sources: readonly SourceHealth[]
  /** Changes that were merged because the OPC UA room could not take them all. */
  readonly merged: number
  readonly store: StoreHealth
  /** Commands that wait to be sent, of all devices, and how many may. */
  readonly commands: { readonly waiting: number; readonly limit: number }
  /** How PostgreSQL gets what the history gets; absent: it is not configured. */
  readonly sink?: SinkHealth | undefined
  /** Its thread. */
  readonly thread?: ThreadHealth | undefined
}

export interface StoreHealth {
  readonly ok: boolean
  /** Why writing fails, and what to do; empty when it does not. */
  readonly reason: string
  readonly lastCommitAt: number | null
  readonly history: HistoryHealth
}

/** How what is recorded fares, here and in PostgreSQL; `sink` is absent where that is not configured. */
export type StoredHealth = StoreHealth & Pick<EngineHealth, 'sink'>

export interface OpcuaHealth {
  readonly startedAt: number
  readonly endpoints: readonly string[]
  readonly sessions: number
  readonly subscriptions: number
  readonly monitoredItems: number
  /** Certificates that end within 30 days, or have ended. */
  readonly endingCertificates: readonly EndingCertificate[]
  /** Clients that the server calls (`opcua.reverseConnect`). */
  readonly reverseConnections: readonly ReverseConnection[]
  /** False while the engine is gone or silent: all values are then Uncertain. */
  readonly engineHeard: boolean
  /** Its thread. */
  readonly thread?: ThreadHealth | undefined
}

/** How it is with a client that the OPC UA server calls. */
export interface ReverseConnection {
  readonly url: string
  /** `waiting`: the client is connected and has not opened a channel; `pausing`: it will be called again. */
  readonly state: 'calling' | 'waiting' | 'connected' | 'pausing'
  readonly since: number
  /** Calls in a row that came to nothing. */
  readonly failures: number
  /** Why the last one did; empty while there is none. */
  readonly reason: string
}

/** A client that is connected to the OPC UA server; null: the server does not know it now. */
export interface OpcuaSession {
  /** NodeId of the session, as in the server's own diagnostics; it opens nothing. */
  readonly id: string
  readonly name: string
  /** null: anonymous, or not logged in yet. */
  readonly user: string | null
  /** How its user proved to be it; null: not logged in yet. */
  readonly login: 'anonymous' | 'password' | 'certificate' | null
  /** What the client calls itself: name and ApplicationUri. */
  readonly client: string
  readonly clientUri: string
  /** IP address; null while it has no connection: it may come back to its session. */
  readonly address: string | null
  readonly securityPolicy: string | null
  readonly securityMode: string | null
  /** It is logged in. */
  readonly active: boolean
  /** Milliseconds of the epoch. */
  readonly since: number
  readonly lastContactAt: number
  /** Silence after which the session ends. */
  readonly timeoutMs: number
  /** Since it began. */
  readonly requests: number | null
  /** Of its connection, as the gateway sees it. */
  readonly bytesReceived: number | null
  readonly bytesSent: number | null
  readonly subscriptions: readonly OpcuaSubscription[]
}

export interface OpcuaSubscription {
  readonly id: number
  readonly publishingIntervalMs: number
  readonly publishing: boolean
  readonly items: number
  readonly disabledItems: number
  /** Messages that were sent and not acknowledged. */
  readonly unacknowledged: number
  /** Notifications since it began. */
  readonly notifications: number
  /** Silence after which it ends. */
  readonly lifetimeMs: number
}

/** A client that monitors a tag. */
export interface TagWatcher {
  readonly client: string
  /** null: anonymous. */
  readonly user: string | null
  /** How often it looks at the most, and how often it is told. */
  readonly samplingMs: number
  readonly publishingMs: number
  readonly publishing: boolean
}

export interface UsersChanged {
  readonly users: readonly UserRecord[]
  readonly change: { readonly action: string; readonly subject: string; readonly user: string }
}

export type ToOpcua = {
  asks: ToRoom['asks'] & {
    health: (none: null) => OpcuaHealth
    /** Who is connected, the oldest session first. */
    sessions: (none: null) => readonly OpcuaSession[]
    /** Ends a session and its subscriptions; false: there is none with this id. */
    closeSession: (which: { readonly id: string; readonly by: Actor }) => boolean
    /** Who monitors the value of this tag, by its id. */
    watchers: (of: { readonly tag: string }) => readonly TagWatcher[]
    certificates: (none: null) => readonly KnownCertificate[]
    /** The revocation lists of its authorities. */
    revocationLists: (none: null) => readonly KnownRevocationList[]
    /** A certificate as PEM; null: there is none of this thumbprint. */
    certificateText: (which: CertificateName) => string | null
    /** Decides about a certificate; connections that it ends are ended when this is answered. */
    changeCertificates: (of: { readonly change: CertificateChange; readonly by: Actor }) => CertificateAnswer
  }
  tells: ToRoom['tells'] & {
    /** The database has these users now, after this change. */
    users: UsersChanged
    /** An alarm of the gateway begins or is over. */
    alarm: Alarm
  }
}

export type MainToEngine = {
  asks: ToRoom['asks'] & {
    health: (none: null) => EngineHealth
    /** Makes this edition, which follows the one that it has, the plant that runs; answered when everything follows it. */
    changePlant: (to: EditionChange) => null
    /** Ends the safe mode, in which sources do not begin; answered when they have begun. */
    releaseSources: (none: null) => null
    /** What sources that look for devices by themselves have found. */
    findings: (none: null) => readonly Findings[]
    /** How the requests of every source, or of one, fare. */
    diagnostics: (of: { readonly source?: string | undefined }) => readonly SourceDiagnostics[]
    /** What went over a source's connection after the entry `after`; null where nothing is traced. */
    frames: (of: { readonly source: string; readonly after: number }) => FrameTrace | null
    /** Reads one address of a device over the connection that is polled, between two polls. */
    readOnce: (wanted: WantedReading) => ReadAnswer
    /** Asks a device what it is, in the same way. */
    identify: (wanted: WantedIdentity) => IdentityAnswer
    /** Begins to measure what a device bears, while its source is off the line; answered when it has begun. */
    calibrate: (wanted: WantedCalibration) => CalibrationReport | ReadProblem
    /** The calibration of the source that runs, or its last one; null: there was none. */
    calibration: (of: { readonly source: string }) => CalibrationReport | null
    /** Ends it; null: none runs. */
    cancelCalibration: (of: { readonly source: string; readonly by: Actor }) => CalibrationReport | null
    /** As of the OPC UA room. */
    editHistory: (asked: AskedHistoryEdit) => EditAnswer
    command: (request: CommandRequest) => CommandAnswer
    cancelCommand: (of: { readonly id: number; readonly by: Actor }) => CommandAnswer
    /** The newest first, also finished ones. */
    commands: (query: CommandQuery) => readonly CommandRecord[]
    /** One command with the states it was in; null where there is none, or none any more. */
    commandSteps: (of: { readonly id: number }) => CommandHistory | null
    /** The newest rows of the audit log before the number `before`. */
    audit: (page: { readonly limit: number; readonly before?: number | undefined }) => readonly AuditRow[]
  }
  tells: ToRoom['tells']
}
