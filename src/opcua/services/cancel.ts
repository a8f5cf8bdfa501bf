import { type ServerSession, StatusCodes } from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'

interface WaitingPublish {
  readonly request: { readonly requestHeader: { readonly requestHandle: number } }
}

/** The parts of node-opcua's ServerSidePublishEngine that its types hide. */
interface PublishQueue {
  _publish_request_queue: WaitingPublish[]
  _send_error_for_request(waiting: WaitingPublish, statusCode: unknown): void
}

/**
 * Ends the session's outstanding requests with this handle (OPC 10000-4 §5.7.5) and says how many: only Publish ever
 * waits, every other request is being answered when the next one is read.
 */
export function cancelRequests({ publishEngine }: ServerSession, requestHandle: number): number {
  const engine = publishEngine as unknown as Partial<PublishQueue>
  const { _publish_request_queue: queue, _send_error_for_request: sendError } = engine
  if (!queue || !sendError) throw new HardeningError('cancel', 'ServerSidePublishEngine._publish_request_queue')
  const isMeant = ({ request }: WaitingPublish) => request.requestHeader.requestHandle === requestHandle
  const cancelled = queue.filter(isMeant)
  engine._publish_request_queue = queue.filter((waiting) => !isMeant(waiting))
  for (const waiting of cancelled)
    sendError.call(engine as PublishQueue, waiting, StatusCodes.BadRequestCancelledByClient)
  return cancelled.length
}
