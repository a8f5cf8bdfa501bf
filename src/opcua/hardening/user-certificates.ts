import { OPCUAServer, X509IdentityToken } from 'node-opcua'
import { Users } from '../users.ts'
import { patchMethod } from './patch-method.ts'

type Callback = (error: null, authorized: boolean) => void

/**
 * node-opcua lets everybody in whose user certificate is trusted, be it by its issuer alone. Here it takes a user to
 * whom the certificate belongs; otherwise BadUserAccessDenied (OPC 10000-4 §5.7.3). That the certificate is trusted, in
 * time, not revoked, and its key in the client's hands has been checked before.
 */
export function admitUsersByCertificate(): void {
  patchMethod(OPCUAServer.prototype, 'isUserAuthorized', 'users by certificate', (original) => {
    return function (
      this: { readonly userManager: unknown },
      channel: unknown,
      session: unknown,
      token: unknown,
      callback: Callback,
    ) {
      const { userManager: users } = this
      if (!(token instanceof X509IdentityToken) || !(users instanceof Users)) {
        return original.call(this, channel, session, token, callback)
      }
      const authorized = users.userOf(token) !== undefined
      return setImmediate(() => callback(null, authorized))
    }
  })
}
