import {
  type IEventData,
  type NodeId,
  type OPCUAServer,
  type ServerSession,
  type StatusCode,
  sameNodeId,
  type Variant,
} from 'node-opcua'
import type { AuditEntry } from '../../core/audit.ts'
import { AuditDigest } from '../../core/audit-digest.ts'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { thumbprintOf } from '../users.ts'
import {
  type Change,
  isAuditEvent,
  isOwn,
  type Operation,
  raiseCertificateRefused,
  raiseChange,
  raiseOperation,
  userIdOf,
} from './audit-event.ts'

/** Entries that wait for an engine; then the oldest go, counted. */
const MOST_WAITING = 1_000
const LONGEST_TEXT = 200

export interface AuditTrailOptions {
  readonly server: OPCUAServer
  readonly clock: Clock
  readonly log: Logger
  /** Gives entries to the engine for the audit log; false: there is no engine now. */
  readonly send: (entries: readonly AuditEntry[]) => boolean
}

/** What the audit events of the OPC UA server tell goes into the audit log too, bounded, and once there is an engine. */
export class AuditTrail {
  readonly #options: AuditTrailOptions
  readonly #digest: AuditDigest
  #waiting: AuditEntry[] = []
  #lost = 0

  constructor(options: AuditTrailOptions) {
    this.#options = options
    this.#digest = new AuditDigest({ clock: options.clock, send: (entries) => this.#hand(entries) })
    const serverObject = options.server.engine.addressSpace?.rootFolder.objects.server
    serverObject?.on('event', (event: IEventData) => {
      // What is raised here is written down here, or where it happened.
      if (isAuditEvent(event) && !isOwn(event)) this.#take(event as unknown as AuditFields)
    })
  }

  /**
   * A client wrote an attribute or called a method. What was taken stands in the audit log as a command, with what
   * became of it; what was refused is written down here.
   */
  operation(session: ServerSession, operation: Operation): void {
    const { server, clock } = this.#options
    if (this.#isWatched) raiseOperation(server, session, operation, clock.now())
    if (operation.status.isGood()) return
    const user = userIdOf(session.userIdentityToken)
    this.#add(`opcua.${operation.kind}`, operation.nodeId.toString(), 'refused', user, session, {
      reason: operation.status.name,
    })
  }

  /** The certificate of a client was not accepted; those of users are told by node-opcua. */
  certificateRefused(certificate: Buffer, reason: StatusCode): void {
    const { server, clock } = this.#options
    raiseCertificateRefused(server, certificate, reason, clock.now())
  }

  /** Writes down what was done here. */
  note(entry: AuditEntry): void {
    this.#hand([entry])
  }

  /** Users, certificates or the plant changed; where it changed, it was written down already. */
  changed(change: Change): void {
    if (this.#isWatched) raiseChange(this.#options.server, change, this.#options.clock.now())
  }

  /** There is an engine again: what waited goes there. */
  engineBack(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const { log } = this.#options
    if (this.#lost > 0) log.error({ lost: this.#lost }, 'Entries of the audit log were lost, since no engine took them')
    this.#lost = 0
    if (waiting.length > 0) this.#hand(waiting)
  }

  /** Says what was only counted so far. */
  flush(): void {
    this.#digest.flush()
  }

  #hand(entries: readonly AuditEntry[]): void {
    if (this.#options.send(entries)) return
    this.#waiting.push(...entries)
    const tooMany = Math.max(0, this.#waiting.length - MOST_WAITING)
    this.#waiting.splice(0, tooMany)
    this.#lost += tooMany
  }

  #take(event: AuditFields): void {
    const isGood = event.status ? event.status.value !== false : event.certificate === undefined
    const session = sessionOf(this.#options.server, event.sessionId?.value as NodeId | undefined)
    const certificate: unknown = event.certificate?.value
    const subject = Buffer.isBuffer(certificate) ? thumbprintOf(certificate) : textOf(event.clientCertificateThumbprint)
    this.#add(
      `opcua.${textOf(event.sourceName).split('/').at(-1) || 'audit'}`,
      subject,
      isGood ? 'done' : 'refused',
      textOf(event.clientUserId),
      session,
      isGood ? {} : { reason: textOf(event.message) },
    )
  }

  #add(
    action: string,
    subject: string,
    outcome: AuditEntry['outcome'],
    user: string,
    session: ServerSession | undefined,
    details: Readonly<Record<string, string>>,
  ): void {
    const client = session?.clientDescription?.applicationUri?.slice(0, LONGEST_TEXT)
    const address = session?.channel?.remoteAddress
    const by = {
      user: user || 'anonymous',
      origin: 'opcua' as const,
      ...(address ? { address } : {}),
      ...(client ? { client } : {}),
    }
    this.#digest.add({ at: this.#options.clock.now(), by, action, subject, outcome, details })
  }

  /** Whether anybody subscribes to events: making one costs more than most writes. */
  get #isWatched(): boolean {
    const serverObject = this.#options.server.engine.addressSpace?.rootFolder.objects.server
    return (serverObject?.listenerCount('event') ?? 0) > 1
  }
}

/** Fields of the audit event types that the log takes; each is there only where its type has it. */
interface AuditFields {
  readonly eventType?: Variant
  readonly status?: Variant
  readonly message?: Variant
  readonly sourceName?: Variant
  readonly clientUserId?: Variant
  readonly sessionId?: Variant
  readonly clientCertificateThumbprint?: Variant
  /** Of the certificate event types. */
  readonly certificate?: Variant
}

function sessionOf(server: OPCUAServer, id: NodeId | undefined) {
  if (!id || id.isEmpty()) return undefined
  return server.engine.getSessions().find(({ nodeId }) => sameNodeId(nodeId, id))
}

function textOf(field: Variant | undefined): string {
  const value: unknown = field?.value
  const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : value
  return text === undefined || text === null ? '' : String(text).slice(0, LONGEST_TEXT)
}
