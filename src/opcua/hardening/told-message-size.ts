import { CreateSessionResponse, ServerSecureChannelLayer } from 'node-opcua'
import { patchMethod } from './patch-method.ts'
import { MAX_MESSAGE } from './transport-limits.ts'

/** CreateSession says how long a request may be (OPC 10000-4 §5.7.2): node-opcua says 64 MiB, whatever it takes. */
export function tellMessageSize(): void {
  patchMethod(ServerSecureChannelLayer.prototype, 'send_response', 'told message size', (original) => {
    return function (this: ServerSecureChannelLayer, ...parameters: unknown[]) {
      const [, response] = parameters
      if (response instanceof CreateSessionResponse) response.maxRequestMessageSize = MAX_MESSAGE
      return original.apply(this, parameters)
    }
  })
}
