import { Skeleton, Stack, Text } from '@mantine/core'
import { PasswordCard } from '../access/password-card.tsx'
import { SessionsCard } from '../access/sessions-card.tsx'
import { TokensCard } from '../access/tokens-card.tsx'
import { useAccess } from '../api/access.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'

/** Where I am logged in, what asks in my name, and my password. */
export function AccessPage() {
  const { t } = useLocale()
  const { data, error, refetch } = useAccess()
  useLiveSelection('none')
  return (
    <>
      <PageTitle title={t('access.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={240} /> : null}
      {data ? (
        <Stack>
          <Text className="quiet">
            {t('login.as', { name: data.name, roles: data.roles.map((role) => t(`admin.role.${role}`)).join(', ') })}.{' '}
            {t('access.intro')}
          </Text>
          <SessionsCard sessions={data.sessions} />
          <TokensCard access={data} />
          <PasswordCard access={data} />
        </Stack>
      ) : null}
    </>
  )
}
