import { type handleUnaryCall, type Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js'
import type { Clock } from '../../core/clock.ts'
import type { Access, Caller, Right } from './access.ts'
import { CallFault } from './call-fault.ts'
import type { CallName, Faults, Trouble } from './faults.ts'
import { answerHttp, resetStream } from './http2-stream.ts'

/** Demands the right to what belongs to `tenantId`; throws a CallFault where the caller has it not. */
export type Demand = (tenantId: string | undefined, right?: Right) => void

/** Told of every call, with what it asks for as it was sent: a tenant, an application, a profile, a DevEUI and so on. */
export type OnCall = (method: CallName, subject: string) => void

/** How every call ends while the server is unavailable: with a status, or never. */
export type Outage = { readonly code: status; readonly details: string } | 'silent'

/** What every call goes through before it is answered: somebody is told, trouble happens, the key is looked at. */
export class Calls {
  readonly #access: Access
  readonly #faults: Faults
  readonly #clock: Clock
  readonly #onCall: OnCall
  outage: Outage | undefined

  constructor(parts: { access: Access; faults: Faults; clock: Clock; onCall: OnCall }) {
    this.#access = parts.access
    this.#faults = parts.faults
    this.#clock = parts.clock
    this.#onCall = parts.onCall
  }

  unary<Request, Response>(
    method: CallName,
    subjectOf: (request: Request) => string,
    answer: (request: Request, demand: Demand) => Response,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const trouble = this.begin(method, subjectOf(call.request))
      if (trouble && !isAnswered(trouble)) return this.#fail(call, callback, trouble)
      const outcome = this.#handle(() => answer(call.request, this.#demandOf(method, call.metadata)))
      if (trouble?.kind === 'replyLost') return
      const reply = () => ('fault' in outcome ? callback(outcome.fault.toResponse()) : callback(null, outcome.response))
      if (trouble?.kind === 'late') this.#clock.after(trouble.byMs, reply)
      else reply()
    }
  }

  /** A call that no key may make, not even an administrator's: only a user of the web interface. */
  userOnly(method: CallName): handleUnaryCall<unknown, never> {
    return this.unary<unknown, never>(
      method,
      () => '',
      (_, demand) => {
        demand(undefined)
        throw new CallFault(status.UNAUTHENTICATED, '')
      },
    )
  }

  /** Tells of a call, and answers what is to happen to it. */
  begin(method: CallName, subject: string): Trouble | undefined {
    this.#onCall(method, subject)
    const { outage } = this
    if (outage === 'silent') return { kind: 'silent' }
    if (outage) return { kind: 'status', ...outage }
    return this.#faults.take(method)
  }

  /** The rights of whoever sent this metadata. Throws a CallFault at once where the key cannot be read. */
  demandOf(metadata: Metadata): Demand {
    const caller: Caller = this.#access.identify(metadata)
    return (tenantId, right) => {
      if (this.#faults.databaseDown) throw new CallFault(status.INTERNAL, '')
      this.#access.demand(caller, tenantId, right)
    }
  }

  /** Settings needs neither key nor database; a key that comes along must still be one. */
  #demandOf(method: CallName, metadata: Metadata): Demand {
    const demand = this.demandOf(metadata)
    if (this.#faults.databaseDown && method !== 'InternalService.Settings') throw new CallFault(status.INTERNAL, '')
    return demand
  }

  #handle<Response>(answer: () => Response): { readonly response: Response } | { readonly fault: CallFault } {
    try {
      return { response: answer() }
    } catch (error) {
      if (error instanceof CallFault) return { fault: error }
      throw error
    }
  }

  #fail(call: object, callback: (error: Partial<ServerErrorResponse>) => void, trouble: Trouble): void {
    if (trouble.kind === 'status') callback(new CallFault(trouble.code, trouble.details ?? '').toResponse())
    else breakCall(call, trouble)
  }
}

/** Whether the call is carried out all the same. */
const isAnswered = ({ kind }: Trouble): boolean => kind === 'late' || kind === 'replyLost'

/** Ends a call below gRPC. */
export function breakCall(call: object, trouble: Trouble): void {
  if (trouble.kind === 'reset') resetStream(call, trouble.errorCode)
  if (trouble.kind === 'http') answerHttp(call, trouble.status)
}
