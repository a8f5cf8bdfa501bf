import {
  type ActivateSessionRequest,
  AnonymousIdentityToken,
  type ServerSecureChannelLayer,
  type ServerSession,
  X509IdentityToken,
} from 'node-opcua'
import { thumbprintOf } from '../users.ts'

/** No client can send this policy: it is none of ours. */
const nobody = new AnonymousIdentityToken({ policyId: '#nobody' })

/**
 * Lets a session whose user has a certificate go on over another channel, as after a network fault (OPC 10000-4
 * §5.7.3): of the same client, by its certificate, and for the same user. node-opcua can compare all tokens but
 * certificates, and fails. Signatures, trust and rights are checked by `activate`, as at every activation.
 */
export function moveSession(
  session: ServerSession | null,
  { userIdentityToken: asked }: ActivateSessionRequest,
  to: ServerSecureChannelLayer,
  activate: () => void,
): void {
  const from = session?.channel
  const token = session?.userIdentityToken
  const moves = session?.status === 'active' && from && from.channelId !== to.channelId
  if (!moves || !(token instanceof X509IdentityToken)) {
    activate()
    return
  }
  const isSameUser = asked instanceof X509IdentityToken && asked.certificateData.equals(token.certificateData)
  const mayMove = isSameUser && isSameClient(from, to)
  // node-opcua asks only about sessions that come over another channel, and moves this one later, if all is well. It
  // refuses another client, and whoever is not nobody (BadIdentityChangeNotSupported), and writes both down.
  if (mayMove) session.channel = to
  else session.userIdentityToken = nobody
  try {
    activate()
  } finally {
    if (mayMove) session.channel = from
    else session.userIdentityToken = token
  }
}

function isSameClient(from: ServerSecureChannelLayer, to: ServerSecureChannelLayer): boolean {
  const [before, after] = [from.clientCertificate, to.clientCertificate]
  if (before == null || after == null) return before == null && after == null
  return thumbprintOf(before) === thumbprintOf(after)
}
