import {
  DataType,
  type IEventData,
  type NodeId,
  type OPCUAServer,
  type RaiseEventData,
  type ServerSession,
  type StatusCode,
  type UAObjectType,
  UserNameIdentityToken,
  Variant,
  VariantArrayType,
  X509IdentityToken,
} from 'node-opcua'
import { PenstockError } from '../../core/errors.ts'
import { TYPES_URI } from '../address-space/namespaces.ts'
import { thumbprintOf } from '../users.ts'

/** Of `Penstock.Types.NodeSet2.xml`: somebody changed users, certificates or the plant. */
const CHANGE_EVENT_TYPE = 'ConfigurationChangeAuditEventType'
/** As node-opcua has them for its own audit events: a normal operation, and one that an administrator should see. */
const NORMAL = 100
const REFUSED = 900

/** A client wrote an attribute, or called a method. */
export interface Operation {
  readonly kind: 'Write' | 'Call'
  /** The variable that was written, or the method. */
  readonly nodeId: NodeId
  /** The variable, or the object of the method. */
  readonly sourceNode: NodeId
  readonly status: StatusCode
  /** Of the request, for the event (OPC 10000-4 §6.5.2). */
  readonly auditEntryId?: string | undefined
  readonly write?: {
    readonly attributeId: number
    readonly indexRange: string
    readonly oldValue: Variant | undefined
    readonly newValue: Variant | undefined
  }
  readonly inputArguments?: readonly Variant[]
}

/** Users, certificates or the plant changed. */
export interface Change {
  /** As in the audit log: `user.add`. */
  readonly action: string
  readonly subject: string
  readonly user: string
}

/** Whether an event is one of the audit trail (OPC 10000-5 §6.4.3), which not everybody may see. */
export function isAuditEvent(event: IEventData): boolean {
  const type = event.getEventDataSource() as UAObjectType
  const auditType = type.addressSpace.findEventType('AuditEventType')
  return auditType ? type.isSubtypeOf(auditType) : false
}

const own = ['AuditWriteUpdateEventType', 'AuditUpdateMethodEventType', CHANGE_EVENT_TYPE]

/** Whether it is one that is raised here. */
export const isOwn = (event: IEventData): boolean =>
  own.includes((event.getEventDataSource() as UAObjectType).browseName.name ?? '')

/** AuditWriteUpdateEventType (OPC 10000-5 §6.4.26) or AuditUpdateMethodEventType (§6.4.27). */
export function raiseOperation(server: OPCUAServer, session: ServerSession, operation: Operation, now: number): void {
  const { kind, nodeId, sourceNode, status, auditEntryId, write, inputArguments } = operation
  const common = {
    ...auditFields(server, userIdOf(session.userIdentityToken), status.isGood(), now),
    ...(status.isGood() ? {} : { message: field(DataType.LocalizedText, { text: `${kind} refused: ${status.name}` }) }),
    clientAuditEntryId: field(DataType.String, auditEntryId ?? ''),
    sourceNode: field(DataType.NodeId, sourceNode),
    sourceName: field(DataType.String, `Attribute/${kind}`),
  }
  if (write) {
    raise(server, 'AuditWriteUpdateEventType', {
      ...common,
      attributeId: field(DataType.UInt32, write.attributeId),
      indexRange: field(DataType.String, write.indexRange),
      ...(write.oldValue ? { oldValue: write.oldValue } : {}),
      ...(write.newValue ? { newValue: write.newValue } : {}),
    })
    return
  }
  raise(server, 'AuditUpdateMethodEventType', {
    ...common,
    methodId: field(DataType.NodeId, nodeId),
    inputArguments: new Variant({
      dataType: DataType.Variant,
      arrayType: VariantArrayType.Array,
      value: inputArguments ?? [],
    }),
  })
}

/** ConfigurationChangeAuditEventType of Penstock's own types. */
export function raiseChange(server: OPCUAServer, { action, subject, user }: Change, now: number): void {
  const types = server.engine.addressSpace?.getNamespaceIndex(TYPES_URI) ?? -1
  const type = server.engine.addressSpace?.findEventType(CHANGE_EVENT_TYPE, types)
  if (!type) throw new PenstockError('PROTOCOL_VIOLATION', `Penstock.Types.NodeSet2.xml has no ${CHANGE_EVENT_TYPE}`)
  raise(server, type, {
    ...auditFields(server, user, true, now),
    message: field(DataType.LocalizedText, { text: subject === '' ? action : `${action} ${subject}` }),
    sourceName: field(DataType.String, 'Penstock/Configuration'),
    action: field(DataType.String, action),
    subject: field(DataType.String, subject),
  })
}

/** A certificate of a client was not accepted: the event type that says why (OPC 10000-5 §6.4.12 to §6.4.18). */
export function raiseCertificateRefused(
  server: OPCUAServer,
  certificate: Buffer,
  reason: StatusCode,
  now: number,
): void {
  raise(server, certificateEvents[reason.name] ?? 'AuditCertificateInvalidEventType', {
    ...auditFields(server, '', false, now),
    message: field(DataType.LocalizedText, { text: `The certificate of a client was refused: ${reason.name}` }),
    sourceName: field(DataType.String, 'Security/Certificate'),
    certificate: field(DataType.ByteString, certificate),
  })
}

const certificateEvents: Readonly<Record<string, string>> = {
  BadCertificateUntrusted: 'AuditCertificateUntrustedEventType',
  BadCertificateChainIncomplete: 'AuditCertificateUntrustedEventType',
  BadCertificateTimeInvalid: 'AuditCertificateExpiredEventType',
  BadCertificateIssuerTimeInvalid: 'AuditCertificateExpiredEventType',
  BadCertificateRevoked: 'AuditCertificateRevokedEventType',
  BadCertificateIssuerRevoked: 'AuditCertificateRevokedEventType',
  BadCertificateRevocationUnknown: 'AuditCertificateRevokedEventType',
  BadCertificateIssuerRevocationUnknown: 'AuditCertificateRevokedEventType',
  BadCertificateUseNotAllowed: 'AuditCertificateMismatchEventType',
}

const raise = (server: OPCUAServer, type: UAObjectType | string, fields: RaiseEventData): void =>
  server.engine.addressSpace?.rootFolder.objects.server.raiseEvent(type, fields)

const field = (dataType: DataType, value: unknown): Variant => new Variant({ dataType, value })

const auditFields = (server: OPCUAServer, user: string, isGood: boolean, now: number) => ({
  actionTimeStamp: field(DataType.DateTime, new Date(now)),
  status: field(DataType.Boolean, isGood),
  severity: field(DataType.UInt16, isGood ? NORMAL : REFUSED),
  serverId: field(DataType.String, server.serverInfo.applicationUri ?? ''),
  clientAuditEntryId: field(DataType.String, ''),
  clientUserId: field(DataType.String, user),
})

/** Who a token stands for, as audit events have it (OPC 10000-5 §6.4.3); a certificate is named by its thumbprint. */
export function userIdOf(token: unknown): string {
  if (token instanceof UserNameIdentityToken) return token.userName ?? ''
  return token instanceof X509IdentityToken ? thumbprintOf(token.certificateData) : ''
}
