import { Alert, Button, Code, Group, List, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconCheck, IconPlugConnected } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useMay } from '../api/queries.ts'
import { useSetupClients, useTrustClient } from '../api/setup.ts'
import type { SetupClientsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { ConnectedClients } from './connected-clients.tsx'

/** How the first OPC UA client gets in: where to, with what, as whom; and that it is there. */
export function ClientStep() {
  const { t } = useLocale()
  const { data, error, refetch } = useSetupClients()
  return (
    <Stack gap="md">
      <Title order={2} size="h4">
        {t('setup.client')}
      </Title>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {data ? <Clients data={data} /> : <Skeleton h={200} />}
    </Stack>
  )
}

function Clients({ data }: { readonly data: SetupClientsAnswer }) {
  const { t, orElse } = useLocale()
  const may = useMay('administerSecurity')
  const { endpoints, policies, anonymous, users, rejected, clients } = data
  return (
    <>
      <Connected clients={clients} />
      <ol className="setup-list">
        <li>
          <Text fw={600}>{t('setup.endpoint')}</Text>
          <Text size="sm">{t('setup.endpointHint')}</Text>
          <Stack gap={6} mt={6} maw={520}>
            {endpoints.map((endpoint) => (
              <CopyText key={endpoint} text={endpoint} />
            ))}
          </Stack>
        </li>
        <li>
          <Text fw={600}>{t('setup.security')}</Text>
          <Text size="sm">{t('setup.securityHint')}</Text>
          <List size="sm" mt={4}>
            {policies.map((policy) => (
              <List.Item key={policy}>
                <Code>{policy}</Code>
              </List.Item>
            ))}
          </List>
        </li>
        <li>
          <Text fw={600}>{t('setup.user')}</Text>
          <Text size="sm">{t(anonymous ? 'setup.userAnonymous' : 'setup.userHint')}</Text>
          {may && users.length > 0 ? (
            <Text size="sm" mt={4}>
              {t('setup.users', {
                users: users
                  .map(
                    ({ name, roles }) =>
                      `${name} (${roles.map((role) => orElse(`admin.role.${role}`, role)).join(', ')})`,
                  )
                  .join(' · '),
              })}
            </Text>
          ) : null}
          {may ? (
            <Button component={Link} href="/administration/users" variant="default" size="xs" mt={6}>
              {t('setup.makeUser')}
            </Button>
          ) : null}
        </li>
        <li>
          <Text fw={600}>{t('setup.certificate')}</Text>
          <Text size="sm">{t(may ? 'setup.certificateHint' : 'setup.certificateAsk')}</Text>
          {may ? <Rejected rejected={rejected} /> : null}
        </li>
      </ol>
    </>
  )
}

function Connected({ clients }: Pick<SetupClientsAnswer, 'clients'>) {
  const { t, n } = useLocale()
  if (clients.length === 0) {
    return (
      <Alert color="blue" icon={<IconPlugConnected />} role="status">
        {t('setup.waiting')}
      </Alert>
    )
  }
  return (
    <Stack gap="xs">
      <Alert color="green" icon={<IconCheck />} role="status" title={n('setup.connected', clients.length)}>
        {t('setup.connectedHint')}
      </Alert>
      <ConnectedClients clients={clients} />
    </Stack>
  )
}

function Rejected({ rejected }: Pick<SetupClientsAnswer, 'rejected'>) {
  const { t, time } = useLocale()
  const trust = useTrustClient()
  return (
    <Stack gap="xs" mt={6}>
      {rejected.length === 0 ? (
        <Text size="sm" className="quiet" role="status">
          {t('setup.noneRejected')}
        </Text>
      ) : null}
      {rejected.map(({ thumbprint, subject, validTo }) => (
        <Alert key={thumbprint} color="orange" p="xs">
          <Group justify="space-between" gap="sm">
            <div style={{ flex: '1 1 280px', minWidth: 0 }}>
              <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
                {subject || thumbprint}
              </Text>
              <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
                {t('setup.thumbprint', { thumbprint })}
                {validTo === null ? '' : ` · ${t('setup.validTo', { at: time(validTo) })}`}
              </Text>
            </div>
            <Button
              size="xs"
              loading={trust.isPending && trust.variables === thumbprint}
              onClick={() => trust.mutate(thumbprint)}
              aria-label={`${t('setup.trust')} ${subject}`}
            >
              {t('setup.trust')}
            </Button>
          </Group>
        </Alert>
      ))}
      {trust.error ? <Trouble error={trust.error} /> : null}
    </Stack>
  )
}
