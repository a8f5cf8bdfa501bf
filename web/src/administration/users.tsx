import { Badge, Button, Card, Group, Skeleton, Table, Text } from '@mantine/core'
import { IconLock, IconUserPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useUsers } from '../api/administration.ts'
import type { UserAnswered } from '../api/types.ts'
import type { Locale } from '../i18n/locale.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { AddUser, UserDrawer } from './user-drawer.tsx'

/** Who may use the gateway, over the web, gRPC and OPC UA alike. */
export function Users() {
  const locale = useLocale()
  const { t, time } = locale
  const { data, error, refetch } = useUsers()
  const [chosen, setChosen] = useState<string>()
  const [isAdding, setAdding] = useState(false)
  const shown = data?.users.find(({ name }) => name === chosen)
  return (
    <>
      <PageTitle title={t('admin.users.title')}>
        <Button leftSection={<IconUserPlus size={16} />} size="xs" onClick={() => setAdding(true)}>
          {t('admin.users.add')}
        </Button>
      </PageTitle>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data?.users.length === 0 ? <Empty text={t('admin.users.none')} /> : null}
      {data && data.users.length > 0 ? (
        <Card withBorder>
          <WideTable
            minWidth={680}
            caption={t('admin.users.title')}
            head={[t('admin.users.name'), t('admin.users.roles'), t('admin.users.login'), t('admin.users.changed'), '']}
          >
            {data.users.map((user) => (
              <Table.Tr key={user.name}>
                <Table.Td>
                  <Group gap="xs">
                    <Text size="sm" fw={600}>
                      {user.name}
                    </Text>
                    {user.disabled ? (
                      <Badge color="gray" variant="light" radius="sm" tt="none">
                        {t('admin.users.disabled')}
                      </Badge>
                    ) : null}
                  </Group>
                </Table.Td>
                <Table.Td>{user.roles.map((role) => t(`admin.role.${role}`)).join(', ')}</Table.Td>
                <Table.Td>
                  {loginOf(user, locale)}
                  {user.weakness === undefined ? null : (
                    <Text size="xs" c="var(--mantine-color-error)">
                      {t('admin.users.weak')}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td className="numeric">
                  {user.origin === 'environment' ? (
                    <Group gap={6} wrap="nowrap">
                      <IconLock size={14} aria-hidden />
                      <Text size="sm">{t('admin.users.ofConfiguration')}</Text>
                    </Group>
                  ) : (
                    time(user.changedAt)
                  )}
                </Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    disabled={user.origin === 'environment'}
                    onClick={() => setChosen(user.name)}
                    aria-label={t('admin.users.changeOne', { name: user.name })}
                  >
                    {t('admin.users.change')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
          <Text size="sm" className="quiet" mt="sm">
            {t('admin.users.configurationHint')}
          </Text>
        </Card>
      ) : null}
      {isAdding ? <AddUser onClose={() => setAdding(false)} /> : null}
      {shown ? <UserDrawer key={shown.name} user={shown} onClose={() => setChosen(undefined)} /> : null}
    </>
  )
}

function loginOf({ hasPassword, certificates }: UserAnswered, { t, n }: Locale): string {
  const ways = [
    ...(hasPassword ? [t('admin.users.password')] : []),
    ...(certificates.length > 0 ? [n('admin.users.certificates', certificates.length)] : []),
  ]
  return ways.length === 0 ? t('admin.users.noLogin') : ways.join(', ')
}
