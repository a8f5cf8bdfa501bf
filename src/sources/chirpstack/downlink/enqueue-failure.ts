import { describeError, type PenstockError } from '../../../core/errors.ts'
import { StatusCode } from '../../../core/status-code.ts'
import type { Delivery } from '../../source.ts'
import { RpcError } from '../rpc-error.ts'

/** An answer that says no is one; where there was none, the queue will tell whether it stands there. */
export function afterFailure(error: PenstockError): Delivery {
  const said = describeError(error)
  if (error instanceof RpcError && error.neverSent) return { state: 'queued', reason: said }
  if (error.code === 'ACCESS_DENIED') {
    const reason = `${said}. The API key may be read-only: make one that may write.`
    return { state: 'refused', reason, status: StatusCode.BadUserAccessDenied }
  }
  if (error.code === 'REQUEST_REFUSED' || (error instanceof RpcError && isCodecFault(error))) {
    return { state: 'refused', reason: said, status: StatusCode.BadInvalidArgument }
  }
  return { state: 'sent', reason: `${said}. Whether ChirpStack has it is being found out.` }
}

const isCodecFault = ({ message }: RpcError): boolean => /JS error|codec|Validation error/i.test(message)
