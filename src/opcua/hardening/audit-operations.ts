import {
  AttributeIds,
  MethodIds,
  type NodeId,
  type OPCUAServer,
  type ServerSession,
  type StatusCode,
  type UAMethod,
  type UAVariable,
  type Variant,
  type WriteValue,
} from 'node-opcua'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'audit writes and calls'
const trailOf = Symbol('audit trail')

type Audited = OPCUAServer & { [trailOf]?: AuditTrail }

interface Context {
  readonly session?: ServerSession | undefined
  readonly server?: Audited | undefined
  getAuditEntryId?(): string | undefined
}

type Callback<Result> = (error: Error | null, result?: Result) => void

/** Methods of the Server object that change nothing: clients call them with each connection. */
const harmless: readonly number[] = [MethodIds.Server_GetMonitoredItems, MethodIds.Server_ResendData]

/** Writes and calls of clients of this server go to its audit trail. */
export function auditTo(server: OPCUAServer, trail: AuditTrail): void {
  const audited: Audited = server
  audited[trailOf] = trail
}

/**
 * node-opcua raises no audit events for Write and Call (OPC 10000-4 §6.5.8, §6.5.10). Here both are told, with what came
 * of them. `anyVariable` and `anyMethod` only lead to the prototypes that all of them share.
 */
export function auditOperations(anyVariable: UAVariable, anyMethod: UAMethod): void {
  patchMethod(ownerOf(anyVariable, 'writeAttribute', FIX), 'writeAttribute', FIX, (original) => {
    return function (this: UAVariable, context: Context | null, value: WriteValue, callback?: Callback<StatusCode>) {
      const told = auditOf(context)
      if (!told) return original.call(this, context, value, callback)
      const { session, trail } = told
      const oldValue = value.attributeId === AttributeIds.Value ? this.readValue().value : undefined
      const tell = (status: StatusCode) =>
        trail.operation(session, {
          kind: 'Write',
          nodeId: this.nodeId,
          sourceNode: this.nodeId,
          status,
          auditEntryId: context?.getAuditEntryId?.(),
          write: {
            attributeId: value.attributeId,
            indexRange: value.indexRange?.toString() ?? '',
            oldValue,
            newValue: value.value?.value,
          },
        })
      return withResult(
        (done) => original.call(this, context, value, done),
        () => original.call(this, context, value) as Promise<StatusCode>,
        tell,
        callback,
      )
    }
  })
  patchMethod(ownerOf(anyMethod, 'execute', FIX), 'execute', FIX, (original) => {
    return function (
      this: UAMethod,
      object: { readonly nodeId: NodeId } | null,
      inputArguments: Variant[] | null,
      context: Context,
      callback?: Callback<{ statusCode?: StatusCode }>,
    ) {
      const told = isHarmless(this.nodeId) ? undefined : auditOf(context)
      const rest = callback ? [callback] : []
      if (!told) return original.call(this, object, inputArguments, context, ...rest)
      const { session, trail } = told
      const tell = ({ statusCode }: { statusCode?: StatusCode }) => {
        if (!statusCode) return
        trail.operation(session, {
          kind: 'Call',
          nodeId: this.nodeId,
          sourceNode: object?.nodeId ?? this.nodeId,
          status: statusCode,
          auditEntryId: context.getAuditEntryId?.(),
          inputArguments: inputArguments ?? [],
        })
      }
      return withResult(
        (done) => original.call(this, object, inputArguments, context, done),
        () => original.call(this, object, inputArguments, context) as Promise<{ statusCode?: StatusCode }>,
        tell,
        callback,
      )
    }
  })
}

/** Both ways in which node-opcua calls: with a callback, and without one for a promise. */
function withResult<Result>(
  called: (done: Callback<Result>) => unknown,
  promised: () => Promise<Result>,
  tell: (result: Result) => void,
  callback: Callback<Result> | undefined,
): unknown {
  if (callback) {
    return called((error, result) => {
      if (result) tell(result)
      callback(error, result)
    })
  }
  return promised().then((result) => {
    tell(result)
    return result
  })
}

function auditOf(context: Context | null): { session: ServerSession; trail: AuditTrail } | undefined {
  const session = context?.session
  const trail = context?.server?.[trailOf]
  return session && trail ? { session, trail } : undefined
}

const isHarmless = ({ namespace, value }: NodeId): boolean => namespace === 0 && harmless.includes(Number(value))
