import { MessageBuilder, StatusCodes } from 'node-opcua'
import { HardeningError, patchMethod } from './patch-method.ts'

const FIX = 'end channels of undecodable messages'

const reported = Symbol('reported')

interface Builder {
  [reported]?: boolean
  _report_error(statusCode: unknown, message: string): false
}

/**
 * node-opcua ignores a message that it cannot decode: its sender waited for an answer in vain, and could send such for
 * ever. Now the channel ends with an Error message (OPC 10000-6 §7.1.2.5).
 */
export function endChannelsOfUndecodableMessages(): void {
  const { prototype } = MessageBuilder
  if (!('_report_error' in prototype)) throw new HardeningError(FIX, 'MessageBuilder._report_error')
  patchMethod(prototype, '_report_error', FIX, (original) => {
    return function (this: Builder, ...parameters: unknown[]) {
      this[reported] = true
      return original.apply(this, parameters)
    }
  })
  patchMethod(prototype, '_decodeMessageBody', FIX, (original) => {
    return function (this: Builder, body: Buffer): boolean {
      this[reported] = false
      if (original.call(this, body)) return true
      if (!this[reported]) this._report_error(StatusCodes.BadDecodingError, 'a message that cannot be decoded')
      return false
    }
  })
}
