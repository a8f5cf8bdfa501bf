import { type CallMethodResultOptions, type OPCUAServer, StatusCodes } from 'node-opcua'
import { ownerOf, patchMethod } from '../hardening/patch-method.ts'

const FIX = 'argument results'

/** A Call lists results of its arguments only where one is invalid (OPC 10000-4 §5.12.2.2); node-opcua always does. */
export function correctCallResults({ engine }: OPCUAServer): void {
  patchMethod(ownerOf(engine, 'call', FIX), 'call', FIX, (original) => {
    return async function (this: object, ...parameters: unknown[]) {
      const results: CallMethodResultOptions[] = await original.apply(this, parameters)
      return results.map((result) =>
        result.statusCode === StatusCodes.BadInvalidArgument ? result : { ...result, inputArgumentResults: [] },
      )
    }
  })
}
