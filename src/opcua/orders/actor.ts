import type { ISessionContext, ServerSession } from 'node-opcua'
import type { Actor } from '../../core/command.ts'

/** Who asks through this session: its user, the address of its client and what that calls itself. */
export function actorOf(context: ISessionContext): Actor {
  const session = context.session as unknown as ServerSession | undefined
  return {
    user: context.getUserName(),
    origin: 'opcua',
    address: session?.channel?.remoteAddress || undefined,
    // A client may call itself anything, as long as it likes.
    client: session?.clientDescription?.applicationName.text?.slice(0, LONGEST_NAME) || undefined,
  }
}

const LONGEST_NAME = 100
