import { status } from '@grpc/grpc-js'
import { PenstockError } from '../../core/errors.ts'
import { type Ended, type Trouble, troubleOf } from './trouble.ts'

/** A call or a stream that ended otherwise than it should, and what that means. */
export class RpcError extends PenstockError {
  readonly trouble: Trouble
  /** There was no connection that could have carried the request. */
  readonly neverSent: boolean

  constructor(what: string, trouble: Trouble, details: string, neverSent = false) {
    const said = details === '' || trouble.silent ? '' : `: ${details}`
    super(trouble.code, `${what} ${trouble.said}${said}`)
    this.trouble = trouble
    this.neverSent = neverSent
  }
}

/** `what` names the call and the server. */
export function rpcError(what: string, ended: Ended, of: 'call' | 'stream' = 'call'): RpcError {
  const details = plainly(ended.details)
  return new RpcError(what, troubleOf({ code: ended.code, details }, of), details, isNeverSent(ended))
}

/** The words of grpc-js for a call that found no connection, and those of Node for one that could not be made. */
const isNeverSent = ({ code, details }: Ended): boolean =>
  code === status.UNAVAILABLE &&
  /No connection established|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(details)

/** A stream that was cut by whatever stands between, which says nothing about the key or about ChirpStack. */
export const isCut = (error: PenstockError): boolean => error instanceof RpcError && error.trouble.name === 'cut'

/**
 * The words of grpc-js, Node and OpenSSL without their wrapping, and without the time in them: the same failure must
 * read the same each time, or it would be reported as a new one.
 */
function plainly(details: string): string {
  return details
    .replace(/^No connection established\. Last error: /, '')
    .replace(/\.?\s*Resolution note:.*$/s, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, '')
    .replace(/; if the root CA is installed locally.*$/s, '')
    .replace(/^(?:Error(?: \[\w+\])?: )+/, '')
    .replace(/^undefined$/, '')
    .replace(/^Failed to connect$/, 'closed before HTTP/2 began')
    .trim()
}
