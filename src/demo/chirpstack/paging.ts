import { status } from '@grpc/grpc-js'
import { CallFault } from './call-fault.ts'

export const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** SQL `ilike '%…%'` of the name, which is all that lists search in. */
export const matches = (request: { getSearch(): string }, name: string): boolean =>
  name.toLowerCase().includes(request.getSearch().toLowerCase())

/** Something that sorts by time, and what has none before it (SQL `nulls first`). */
export const timeKey = (time: number | undefined): string => (time === undefined ? '' : String(time).padStart(16, '0'))

/** A page of the whole; a limit that is not set is 0, and gives none (SQL `limit 0`). */
export const pageOf = <T>(all: readonly T[], request: { getOffset(): number; getLimit(): number }): readonly T[] =>
  all.slice(request.getOffset(), request.getOffset() + request.getLimit())

/** A UUID in lower case; anything else ends the call with 3. */
export function parseUuid(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw new CallFault(
    status.INVALID_ARGUMENT,
    `invalid length: expected length 32 for simple format, found ${text.length}`,
  )
}

/** A DevEUI or gateway id in lower case; anything else ends the call with 13. ChirpStack takes none for eight zeros. */
export function parseEui(text: string): string {
  if (text === '') return '0000000000000000'
  if (/^[0-9a-f]{16}$/i.test(text)) return text.toLowerCase()
  throw new CallFault(status.INTERNAL, /^[0-9a-f]*$/i.test(text) ? 'Invalid string length' : 'Invalid hex string')
}

export const doesNotExist = (id: string): CallFault =>
  new CallFault(status.NOT_FOUND, `Object does not exist (id: ${id})`)
