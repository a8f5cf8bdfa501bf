import { type Metadata, status } from '@grpc/grpc-js'
import { CallFault } from './call-fault.ts'

/** Whom a key lets in: everywhere, or into one tenant. */
export type Scope = { readonly admin: true } | { readonly admin: false; readonly tenantId: string }

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

  /** What every call goes through first; undefined where no key came along. */
  identify(metadata: Metadata): Scope | 'nobody' | undefined {
    const header = metadata.get('authorization')[0]
    if (header === undefined) return undefined
    const text = String(header)
    if (!text.startsWith('Bearer ')) throw unauthenticated("authorization metadata must in format 'Bearer <TOKEN>")
    const key = text.slice('Bearer '.length)
    const scope = this.#keys.get(key)
    if (scope) return scope
    if (this.#revoked.has(key)) return 'nobody'
    throw unauthenticated(key.split('.').length === 3 ? 'InvalidSignature' : 'InvalidToken')
  }

  /** A right that belongs to a tenant; `tenantId` undefined: to a thing that is not there, which only an admin may know. */
  demand(scope: Scope | 'nobody' | undefined, tenantId: string | undefined): void {
    if (scope === undefined) throw unauthenticated('no authorization provided')
    if (scope === 'nobody' || !(scope.admin || scope.tenantId === tenantId)) throw unauthenticated('')
  }
}
