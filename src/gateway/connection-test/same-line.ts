import { lookup } from 'node:dns/promises'
import { fieldEndpointOf, type SourceConfig } from '../../core/plant.ts'
import type { FieldSource } from '../../sources/wanted-tag.ts'

/**
 * The running source that has the connection to where another one points, if there is one: many devices take a single
 * connection, and another would throw off the one that the plant lives on. Names are compared by their addresses.
 */
export async function sourceAt(tried: FieldSource, running: readonly SourceConfig[]): Promise<FieldSource | undefined> {
  const fields = running.filter((source) => source.kind === 'modbus' || source.kind === 's7')
  const enabled = fields.filter(({ disabled }) => !disabled)
  const same = enabled.find((source) => fieldEndpointOf(source).toLowerCase() === fieldEndpointOf(tried).toLowerCase())
  if (same || 'serial' in tried) return same
  const here = await addressesOf(tried.host)
  for (const source of enabled) {
    if ('serial' in source || source.port !== tried.port) continue
    const there = await addressesOf(source.host)
    if (there.some((address) => here.includes(address))) return source
  }
  return undefined
}

/** None where the name cannot be resolved: then nothing can be connected to it either. */
async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    return []
  }
}
