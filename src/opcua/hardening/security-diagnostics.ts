import {
  type AddressSpace,
  AnonymousIdentityToken,
  DataTypeIds,
  NodeId,
  type ServerSession,
  type UADataType,
  UserNameIdentityToken,
} from 'node-opcua'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'security diagnostics'

/** A structure of node-opcua's, which keeps its session beside its fields. */
type Diagnostics = object & { readonly $session?: ServerSession }

/** Fields of SessionSecurityDiagnosticsDataType (OPC 10000-5) that node-opcua leaves empty. */
const fields: Readonly<Record<string, (session: ServerSession) => unknown>> = {
  clientUserIdOfSession: userOf,
  // A session does not change its user (BadIdentityChangeNotSupported).
  clientUserIdHistory: (session) => [userOf(session)],
  authenticationMechanism: ({ userIdentityToken: token }) => {
    if (!token || token instanceof AnonymousIdentityToken) return 'Anonymous'
    return token instanceof UserNameIdentityToken ? 'UserName' : 'Certificate'
  },
  encoding: () => 'UA Binary',
}

function userOf({ sessionContext }: ServerSession): string {
  return sessionContext.getUserName()
}

/** SessionSecurityDiagnostics say who is logged in, and how; node-opcua makes them with texts that are always empty. */
export function tellWhoIsLoggedIn(addressSpace: AddressSpace): void {
  const prototype = ownerOf(addressSpace, 'constructExtensionObject', FIX)
  patchMethod(prototype, 'constructExtensionObject', FIX, (original) => {
    return function (this: AddressSpace, ...parameters: unknown[]) {
      const made: object = original.apply(this, parameters)
      const of = parameters[0] as UADataType | NodeId
      const { namespace, value } = of instanceof NodeId ? of : of.nodeId
      const isSecurity = namespace === 0 && value === DataTypeIds.SessionSecurityDiagnosticsDataType
      return isSecurity ? withAnswers(made) : made
    }
  })
}

/** Takes the getters that node-opcua gives it, but for those that have an answer. */
function withAnswers(diagnostics: Diagnostics): object {
  return new Proxy(diagnostics, {
    defineProperty(target, name, descriptor) {
      const answer = typeof name === 'string' ? fields[name] : undefined
      if (!answer) return Reflect.defineProperty(target, name, descriptor)
      return Reflect.defineProperty(target, name, {
        ...descriptor,
        get: () => (target.$session ? answer(target.$session) : undefined),
      })
    },
  })
}
