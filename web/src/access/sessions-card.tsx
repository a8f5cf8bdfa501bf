import { Badge, Button, Card, Group, Table, Title } from '@mantine/core'
import { useEndSession } from '../api/access.ts'
import type { AccessAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Age } from '../parts/age.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { browserName } from './browser-name.ts'
import { SureButton } from './sure-button.tsx'

/** Where I am logged in, and the way out of each. */
export function SessionsCard({ sessions }: { readonly sessions: AccessAnswer['sessions'] }) {
  const { t, time } = useLocale()
  const end = useEndSession()
  const hasOthers = sessions.some(({ isThis }) => !isThis)
  return (
    <Card withBorder component="section" aria-label={t('access.sessions')}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t('access.sessions')}
        </Title>
        {hasOthers ? (
          <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(undefined)}>
            {t('access.endOthers')}
          </Button>
        ) : null}
      </Group>
      {end.error ? <Trouble error={end.error} /> : null}
      <WideTable
        minWidth={520}
        caption={t('access.sessions')}
        head={[t('access.browser'), t('access.from'), t('access.begun'), t('access.seen'), '']}
      >
        {sessions.map(({ id, client, address, begunAt, seenAt, isThis }) => {
          const name = client ? browserName(client) : t('access.unknown')
          return (
            <Table.Tr key={id}>
              <Table.Td title={client}>
                {name}{' '}
                {isThis ? (
                  <Badge variant="default" tt="none" radius="sm">
                    {t('access.this')}
                  </Badge>
                ) : null}
              </Table.Td>
              <Table.Td>{address ?? t('access.unknown')}</Table.Td>
              <Table.Td className="numeric">{time(begunAt)}</Table.Td>
              <Table.Td>
                <Age at={seenAt} />
              </Table.Td>
              <Table.Td ta="right">
                {isThis ? null : (
                  <SureButton
                    text={t('access.end')}
                    label={t('access.endOne', { name })}
                    onSure={() => end.mutate(id)}
                  />
                )}
              </Table.Td>
            </Table.Tr>
          )
        })}
      </WideTable>
    </Card>
  )
}
