import { expect, it } from 'vitest'
import { can, rights, userNameProblem, userRoles } from '../../../src/core/user.ts'

it('each role gives what the table of docs/security.md says', () => {
  const table = userRoles.map((role) => [role, ...rights.filter((right) => can([role], right))].join(' '))

  expect(table).toEqual([
    'Observer read',
    'Operator read command',
    'Engineer read command updateHistory',
    'ConfigureAdmin read configure',
    'SecurityAdmin read administerSecurity',
  ])
})

it('several roles give what any of them gives, and none gives nothing', () => {
  expect(can(['ConfigureAdmin', 'Operator'], 'command')).toBe(true)
  expect(can(['ConfigureAdmin', 'Operator'], 'administerSecurity')).toBe(false)
  expect(can([], 'read')).toBe(false)
})

it.each(['', ' olga', 'olga\n', '-olga', 'x'.repeat(65), 'o:l'])('%j is no name of a user', (name) => {
  expect(userNameProblem(name)).toContain('1 to 64')
})
