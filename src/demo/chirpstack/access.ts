import { type Metadata, status } from '@grpc/grpc-js'
import { CallFault } from './call-fault.ts'

/** Whom a key lets in: everywhere, or into one tenant; with `readOnly` nothing may be changed (ChirpStack 4.17). */
export type Scope = ({ readonly admin: true } | { readonly admin: false; readonly tenantId: string }) & {
  readonly readOnly?: boolean
}

/** What `identify` makes of a header: undefined where none came along, `nobody` where its key was deleted. */
export type Caller = Scope | 'nobody' | undefined

export type Right = 'read' | 'write'

const unauthenticated = (details: string) => new CallFault(status.UNAUTHENTICATED, details)

/** The API keys of the simulated server, and what they may do. */
export class Access {
  readonly #keys = new Map<string, Scope>()
  readonly #revoked = new Set<string>()

  add(key: string, scope: Scope): void {
    this.#keys.set(key, scope)
    this.#revoked.delete(key)
  }

  /** Deletes the key's row: its signature stays good, so the server only knows nobody of that id. */
  revoke(key: string): void {
    this.#keys.delete(key)
    this.#revoked.add(key)
  }

  /** What every call goes through first. */
  identify(metadata: Metadata): Caller {
    const header = metadata.get('authorization')[0]
    if (header === undefined) return undefined
    const text = String(header)
    if (!text.startsWith('Bearer ')) throw unauthenticated("authorization metadata must be in format 'Bearer <TOKEN>")
    const key = text.slice('Bearer '.length)
    const scope = this.#keys.get(key)
    if (scope) return scope
    if (this.#revoked.has(key)) return 'nobody'
    throw unauthenticated(key.split('.').length === 3 ? 'InvalidSignature' : 'InvalidToken')
  }

  /**
   * A right to what belongs to a tenant; `tenantId` undefined: to what is not there or belongs to all tenants, which
   * only an administrator's key has. ChirpStack's validators answer the rest of us with 16 and an empty text.
   */
  demand(caller: Caller, tenantId: string | undefined, right: Right = 'read'): void {
    if (caller === undefined) throw unauthenticated('no authorization provided')
    if (caller === 'nobody') throw unauthenticated('')
    if (!caller.admin && caller.tenantId !== tenantId) throw unauthenticated('')
    if (right === 'write' && caller.readOnly) throw unauthenticated('')
  }
}
