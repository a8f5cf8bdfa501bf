import { DataValue, MonitoredItem, StatusCodes, type UAVariable } from 'node-opcua'
import type { ItemSession, MonitoredItemInternals } from './monitored-item.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'check permission on push'

/** What was found for an item, and everything that the finding depends on. */
interface Verdict {
  readonly session: ItemSession
  readonly channel: object | undefined
  readonly user: object | undefined
  readonly roles: object
  readonly permissions: object | undefined
  readonly accessLevel: number
  readonly readable: boolean
}

const verdictOf = Symbol('verdict')
type Item = MonitoredItemInternals & { [verdictOf]?: Verdict }

/**
 * node-opcua checks permissions when it reads a value, but not when it pushes a changed one. Here each push is checked;
 * the verdict is kept as long as session, channel, user, the user's roles and the node's rights are the same. Who loses the right gets
 * BadUserAccessDenied once (OPC 10000-4 §5.12.1), then nothing.
 */
export function checkPermissionOnPush(): void {
  patchMethod(MonitoredItem.prototype, '_on_value_changed_exception_based', FIX, (original) => {
    return function (this: Item, dataValue: unknown, indexRange: unknown) {
      const before = this[verdictOf]
      const now = verdict(this, before)
      if (now?.readable) return original.call(this, dataValue, indexRange)
      if (before?.readable && now) this.recordValue(new DataValue({ statusCode: StatusCodes.BadUserAccessDenied }))
      return undefined
    }
  })
  // Told that the meaning of a value has changed, an item reads the value as if it were the server itself.
  patchMethod(MonitoredItem.prototype, '_on_semantic_changed', FIX, (original) => {
    return function (this: Item) {
      return verdict(this, this[verdictOf])?.readable ? original.call(this) : undefined
    }
  })
}

function verdict(item: Item, before: Verdict | undefined): Verdict | undefined {
  const { node } = item
  const session = item.$subscription?.$session
  // A subscription whose session is closed keeps filling its queues for its owner, who is the only one to get them.
  if (!node || !session) return before
  const { channel, userIdentityToken: user } = session
  const { rolePermissions: permissions, accessLevel } = node
  const roles = session.sessionContext.getCurrentUserRoles()
  if (
    before &&
    before.session === session &&
    before.channel === channel &&
    before.user === user &&
    before.roles === roles &&
    before.permissions === permissions &&
    before.accessLevel === accessLevel
  ) {
    return before
  }
  const readable = isReadable(node, session)
  const found: Verdict = { session, channel, user, roles, permissions, accessLevel, readable }
  item[verdictOf] = found
  return found
}

function isReadable(node: UAVariable, session: ItemSession): boolean {
  const context = session.sessionContext
  return (
    !context.isAccessRestricted(node) && node.isUserReadable(context as Parameters<UAVariable['isUserReadable']>[0])
  )
}
