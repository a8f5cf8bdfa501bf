import { StatusCodes, type UAVariable } from 'node-opcua'
import type { SessionContextInternals } from './monitored-item.ts'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'restrict writes'

/**
 * node-opcua enforces a node's AccessRestrictions (OPC 10000-3 §5.2.11) on Read but not on Write: a node that demands
 * encryption was written over a plain channel. `anyVariable` only leads to the prototype that all variables share.
 */
export function restrictWrites(anyVariable: UAVariable): void {
  patchMethod(ownerOf(anyVariable, 'writeAttribute', FIX), 'writeAttribute', FIX, (original) => {
    return function (
      this: UAVariable,
      context: SessionContextInternals | null,
      writeValue: unknown,
      callback?: (error: null, status: unknown) => void,
    ) {
      if (!context?.isAccessRestricted(this)) return original.call(this, context, writeValue, callback)
      if (!callback) return Promise.resolve(StatusCodes.BadSecurityModeInsufficient)
      callback(null, StatusCodes.BadSecurityModeInsufficient)
      return undefined
    }
  })
}
