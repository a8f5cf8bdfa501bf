import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'

/** All addresses of a name, in the order in which the system gives them. */
export type ResolveName = (host: string) => Promise<readonly LookupAddress[]>

const resolveBySystem: ResolveName = (host) => lookup(host, { all: true })

/**
 * Which address of a name is asked next, over all ways to it: a datagram says nothing of whether anybody is there, so an
 * address from which nothing came is passed over for the others, until nothing came from any.
 */
export class NameAddresses {
  readonly #resolve: ResolveName
  readonly #silent = new Set<string>()

  constructor(resolve: ResolveName = resolveBySystem) {
    this.#resolve = resolve
  }

  /** Resolves the name anew; rejects as `lookup` does. */
  async next(host: string): Promise<LookupAddress> {
    const [first, ...others] = await this.#resolve(host)
    if (!first) throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' })
    const unproved = [first, ...others].find(({ address }) => !this.#silent.has(address))
    if (unproved) return unproved
    this.#silent.clear()
    return first
  }

  /** Nothing came from this address while it was asked. */
  wasSilent(address: string): void {
    this.#silent.add(address)
  }
}
