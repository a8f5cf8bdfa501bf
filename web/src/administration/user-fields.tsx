import { Checkbox, PasswordInput, Stack } from '@mantine/core'
import { passwordFault, SHORTEST_PASSWORD } from '../../../src/core/password-rule.ts'
import { userRoles } from '../../../src/core/user.ts'
import type { UserAnswered } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'

type Roles = UserAnswered['roles']

/** Roles to choose from, each with what it allows. */
export function RolesField({ roles, onChange }: { readonly roles: Roles; readonly onChange: (roles: Roles) => void }) {
  const { t } = useLocale()
  return (
    <Checkbox.Group
      label={t('admin.users.roles')}
      value={roles}
      onChange={(chosen) => onChange(userRoles.filter((role) => chosen.includes(role)))}
    >
      <Stack gap="xs" mt="xs">
        {userRoles.map((role) => (
          <Checkbox
            key={role}
            value={role}
            label={t(`admin.role.${role}`)}
            description={t(`admin.role.${role}.hint`)}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}

interface PasswordFieldProps {
  readonly user: string
  readonly password: string
  readonly isRequired?: boolean
  readonly onChange: (password: string) => void
}

/** A new password, with what is still wrong with it while it is typed. */
export function PasswordField({ user, password, isRequired = false, onChange }: PasswordFieldProps) {
  const { t } = useLocale()
  const fault = password === '' ? undefined : passwordFault(user, password)
  const missing = SHORTEST_PASSWORD - [...password].length
  return (
    <PasswordInput
      label={t('admin.users.newPassword')}
      description={t('admin.users.passwordHint', { count: SHORTEST_PASSWORD })}
      value={password}
      required={isRequired}
      autoComplete="new-password"
      onChange={(event) => onChange(event.currentTarget.value)}
      error={
        fault === undefined ? undefined : t(`admin.password.${fault}`, { count: Math.max(0, missing), name: user })
      }
      visibilityToggleButtonProps={{ 'aria-label': t('admin.users.showPassword'), tabIndex: 0, 'aria-hidden': false }}
    />
  )
}
