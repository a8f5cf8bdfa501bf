import { type BaseNode, DataValue, type StatusCode, StatusCodes, type UAMethod } from 'node-opcua'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'exact refusals'

type Called = (error: null, result: { statusCode: StatusCode }) => void

/**
 * node-opcua answers a call of a standard method that nothing stands behind with BadInternalError, as if the server were
 * broken, and logs it; OPC 10000-4 §5.12.2.4 has BadNotExecutable, as the method's Executable says. And who may not read
 * RolePermissions (OPC 10000-3 §8.55) hears of it BadUserAccessDenied, not that the channel should be encrypted.
 * `anyMethod` and `anyNode` only lead to the prototypes that all methods and nodes share.
 */
export function refuseExactly(anyMethod: UAMethod, anyNode: BaseNode): void {
  patchMethod(ownerOf(anyMethod, 'execute', FIX), 'execute', FIX, (original) => {
    return function (this: UAMethod, ...parameters: unknown[]) {
      if (this.isBound()) return original.apply(this, parameters)
      const refused = { statusCode: StatusCodes.BadNotExecutable }
      const called = parameters.at(-1)
      if (typeof called !== 'function') return Promise.resolve(refused)
      ;(called as Called)(null, refused)
      return undefined
    }
  })
  patchMethod(ownerOf(anyNode, '_readRolePermissions', FIX), '_readRolePermissions', FIX, (original) => {
    return function (this: BaseNode, ...parameters: unknown[]) {
      const read = original.apply(this, parameters) as DataValue
      const isMisnamed = read.statusCode === StatusCodes.BadSecurityModeInsufficient
      return isMisnamed ? new DataValue({ statusCode: StatusCodes.BadUserAccessDenied }) : read
    }
  })
}
