import { status } from '@grpc/grpc-js'
import { CallError, invalid, numberIn } from './call-error.ts'

/** What a request for a page of a list says. */
export interface PageRequest {
  readonly pageSize: number
  readonly pageToken: string
}

interface PageOptions {
  /** Tells the plant from what it was. */
  readonly revision: string
  readonly most: number
  /** Elements of a page where the request does not say it. */
  readonly usual: number
}

export interface Page<Element> {
  readonly elements: readonly Element[]
  readonly nextPageToken: string
  readonly totalSize: number
  readonly revision: string
}

/**
 * One page of a list. A token is the plant's revision and a position: of another revision, what it counts is not there any
 * more. Throws CallError: INVALID_ARGUMENT, or ABORTED where the plant has changed since the first page.
 */
export function pageOf<Element>(
  all: readonly Element[],
  { pageSize, pageToken }: PageRequest,
  { revision, most, usual }: PageOptions,
): Page<Element> {
  const size = numberIn('page_size', pageSize, most, usual)
  const from = pageToken === '' ? 0 : positionOf(pageToken, revision)
  const to = from + size
  const nextPageToken = to < all.length ? tokenOf(revision, to) : ''
  return { elements: all.slice(from, to), nextPageToken, totalSize: all.length, revision }
}

const tokenOf = (revision: string, position: number): string =>
  Buffer.from(`${revision} ${position}`).toString('base64url')

function positionOf(token: string, revision: string): number {
  const [of, position] = Buffer.from(token.slice(0, 200), 'base64url').toString().split(' ')
  if (of === undefined || position === undefined || !/^\d{1,9}$/.test(position)) {
    throw invalid('page_token', 'none that was given', 'the next_page_token of the page before')
  }
  if (of === revision) return Number(position)
  const message = 'The plant has changed since the first page: read the list again from its beginning.'
  throw new CallError(status.ABORTED, 'PLANT_CHANGED', message)
}
