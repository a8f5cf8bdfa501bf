import { Alert, Button, Card, Group, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useChangePassword } from '../api/access.ts'
import type { AccessAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'

/** Another password, where it is one of the gateway's own. */
export function PasswordCard({ access }: { readonly access: AccessAnswer }) {
  const { t } = useLocale()
  return (
    <Card withBorder component="section" aria-label={t('access.password')}>
      <Title order={2} size="h5" mb="xs">
        {t('access.password')}
      </Title>
      {access.password === 'gateway' ? <PasswordForm name={access.name} /> : null}
      {access.password === 'environment' ? <Text size="sm">{t('access.passwordEnvironment')}</Text> : null}
      {access.password === 'none' ? <Text size="sm">{t('access.passwordNone')}</Text> : null}
    </Card>
  )
}

const nothing = { current: '', password: '', repeated: '' }

function PasswordForm({ name }: { readonly name: string }) {
  const { t } = useLocale()
  const change = useChangePassword()
  const [typed, setTyped] = useState(nothing)
  const { current, password, repeated } = typed
  const differs = repeated !== '' && repeated !== password
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ current, password }, { onSuccess: () => setTyped(nothing) })
  }
  const type = (more: Partial<typeof nothing>) => setTyped({ ...typed, ...more })
  return (
    <form onSubmit={submit}>
      <Stack gap="sm" maw={480}>
        {/* So that a password manager knows whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={name} />
        <PasswordInput
          label={t('access.current')}
          value={current}
          onChange={(event) => type({ current: event.currentTarget.value })}
          autoComplete="current-password"
          required
        />
        <PasswordInput
          label={t('access.newPassword')}
          description={t('access.passwordHint')}
          value={password}
          onChange={(event) => type({ password: event.currentTarget.value })}
          autoComplete="new-password"
          required
        />
        <PasswordInput
          label={t('access.repeat')}
          value={repeated}
          onChange={(event) => type({ repeated: event.currentTarget.value })}
          autoComplete="new-password"
          error={differs ? t('access.repeatDiffers') : null}
          required
        />
        {change.error ? <Trouble error={change.error} /> : null}
        {change.isSuccess ? (
          <Alert color="green" variant="light" role="status">
            {t('access.changed')}
          </Alert>
        ) : null}
        <Group>
          <Button type="submit" size="sm" loading={change.isPending} disabled={password !== repeated}>
            {t('access.changePassword')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
