import { PermissionFlag, resolveNodeId, WellKnownRoles } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { commandPermissions, readPermissions } from '../../../../src/opcua/address-space/permissions.ts'

const { Anonymous, ConfigureAdmin, Engineer, Observer, Operator, SecurityAdmin } = WellKnownRoles

const may = (permissions: ReturnType<typeof commandPermissions>, role: WellKnownRoles, flag: PermissionFlag) =>
  permissions.some((rule) => rule.roleId.value === resolveNodeId(role).value && (rule.permissions & flag) === flag)

describe('what can be written or called', () => {
  it.each([
    [Observer, false],
    [Anonymous, false],
    [Operator, true],
    [Engineer, true],
    [ConfigureAdmin, false],
    [SecurityAdmin, false],
  ])('can be read by role %i, and written and called only by whom the plant is trusted to: %s', (role, writes) => {
    const permissions = commandPermissions(true)

    expect(may(permissions, role, PermissionFlag.Browse | PermissionFlag.Read)).toBe(true)
    expect(may(permissions, role, PermissionFlag.Write)).toBe(writes)
    expect(may(permissions, role, PermissionFlag.Call)).toBe(writes)
  })

  it('has one rule for each role, so that none hides another', () => {
    const roles = commandPermissions(true).map(({ roleId }) => roleId.toString())

    expect(new Set(roles).size).toBe(roles.length)
  })

  it('is nothing of what only shows a value', () => {
    for (const role of [Observer, Operator, Engineer, Anonymous]) {
      expect(may(readPermissions(true), role, PermissionFlag.Write)).toBe(false)
      expect(may(readPermissions(true), role, PermissionFlag.Call)).toBe(false)
    }
  })
})
