import {
  type HistoryUpdateRequest,
  HistoryUpdateResponse,
  type OPCUAServer,
  type ServerSession,
  type StatusCode,
  StatusCodes,
} from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'
import type { HistoryUpdateService } from './history-update.ts'
import { MOST_NODES } from './limits.ts'

const FIX = 'history update'

interface Message {
  readonly request: HistoryUpdateRequest
}
type Act = (
  session: ServerSession,
  sendResponse: (response: HistoryUpdateResponse) => void,
  sendError: (statusCode: StatusCode) => void,
) => void
/** What node-opcua's types hide of a server: requests are given to the method that is named after them. */
interface ServerInternals {
  _apply_on_SessionObject?(response: unknown, message: Message, channel: unknown, act: Act): Promise<void>
  _on_HistoryUpdateRequest?: (message: Message, channel: unknown) => void
}

/**
 * The server answers HistoryUpdate by `service` from now on; node-opcua has nothing for it. Throws HardeningError where
 * it would not.
 */
export function serveHistoryUpdate(server: OPCUAServer, service: HistoryUpdateService): void {
  const internals = server as unknown as ServerInternals
  if (typeof internals._apply_on_SessionObject !== 'function') {
    throw new HardeningError(FIX, 'OPCUAServer._apply_on_SessionObject')
  }
  internals._on_HistoryUpdateRequest = (message, channel) => {
    void internals._apply_on_SessionObject?.(
      HistoryUpdateResponse,
      message,
      channel,
      (session, sendResponse, sendError) => {
        const details = message.request.historyUpdateDetails ?? []
        if (details.length === 0) return sendError(StatusCodes.BadNothingToDo)
        if (details.length > MOST_NODES) return sendError(StatusCodes.BadTooManyOperations)
        // Of what `update` never rejects with there is only an answer that cannot be sent: the client is gone.
        void service.update(session, details).then((results) => sendResponse(new HistoryUpdateResponse({ results })))
      },
    )
  }
}
