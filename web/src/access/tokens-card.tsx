import { Alert, Button, Card, Code, CopyButton, Group, Stack, Switch, Table, Text, Title } from '@mantine/core'
import { IconCheck, IconCopy, IconKey } from '@tabler/icons-react'
import { useState } from 'react'
import { useAllTokens, useRevokeToken } from '../api/access.ts'
import type { AccessAnswer, MadeTokenAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useNow } from '../live/use-live.tsx'
import { Age } from '../parts/age.tsx'
import { Empty } from '../parts/empty.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { SureButton } from './sure-button.tsx'
import { TokenForm } from './token-form.tsx'

/** By what programs ask in my name. */
export function TokensCard({ access }: { readonly access: AccessAnswer }) {
  const { t } = useLocale()
  const [isOpen, setOpen] = useState(false)
  const [made, setMade] = useState<MadeTokenAnswer>()
  const [ofAll, setOfAll] = useState(false)
  const all = useAllTokens(ofAll)
  const tokens = (ofAll ? all.data : undefined)?.tokens ?? access.tokens
  const finish = (token: MadeTokenAnswer) => {
    setMade(token)
    setOpen(false)
  }
  return (
    <Card withBorder component="section" aria-label={t('access.tokens')}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t('access.tokens')}
        </Title>
        {isOpen ? null : (
          <Button size="xs" variant="default" onClick={() => setOpen(true)}>
            {t('access.addToken')}
          </Button>
        )}
      </Group>
      <Stack>
        {made ? <MadeToken made={made} /> : null}
        {isOpen ? <TokenForm access={access} onMade={finish} onClose={() => setOpen(false)} /> : null}
        {access.rights.includes('administerSecurity') ? (
          <Switch
            label={t('access.everybody')}
            checked={ofAll}
            onChange={(event) => setOfAll(event.currentTarget.checked)}
          />
        ) : null}
        {all.error ? <Trouble error={all.error} /> : null}
        {tokens.length > 0 ? <TokenTable tokens={tokens} ofAll={ofAll} /> : <Empty text={t('access.noTokens')} />}
      </Stack>
    </Card>
  )
}

/** The one time that a token is shown. */
function MadeToken({ made: { name, token } }: { readonly made: MadeTokenAnswer }) {
  const { t } = useLocale()
  return (
    <Alert color="green" variant="light" icon={<IconKey />} role="status">
      <Text size="sm" mb="xs">
        {t('access.once', { name })}
      </Text>
      <Group gap="xs" wrap="nowrap">
        <Code style={{ overflowWrap: 'anywhere', flex: 1 }}>{token}</Code>
        <CopyButton value={token}>
          {({ copied, copy }) => (
            <Button
              size="xs"
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            >
              {t(copied ? 'access.copied' : 'access.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  )
}

interface TokenTableProps {
  readonly tokens: AccessAnswer['tokens']
  /** Not only mine: it matters whose they are. */
  readonly ofAll: boolean
}

function TokenTable({ tokens, ofAll }: TokenTableProps) {
  const { t, time } = useLocale()
  const now = useNow()
  const revoke = useRevokeToken()
  return (
    <>
      {revoke.error ? <Trouble error={revoke.error} /> : null}
      <WideTable
        minWidth={640}
        caption={t('access.tokens')}
        head={[
          ...(ofAll ? [t('access.user')] : []),
          t('access.tokenName'),
          t('access.rights'),
          t('access.expires'),
          t('access.lastUsed'),
          '',
        ]}
      >
        {tokens.map(({ id, name, user, rights, expiresAt, lastUsedAt }) => (
          <Table.Tr key={id}>
            {ofAll ? <Table.Td>{user}</Table.Td> : null}
            <Table.Td title={id} style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Table.Td>
            <Table.Td>
              {rights.map((right) => (
                <div key={right}>{t(`access.right.${right}`)}</div>
              ))}
            </Table.Td>
            <Table.Td className="numeric">
              {time(expiresAt)} {expiresAt <= now ? `(${t('access.expired')})` : ''}
            </Table.Td>
            <Table.Td>
              <Age at={lastUsedAt} />
            </Table.Td>
            <Table.Td ta="right">
              <SureButton
                text={t('access.revoke')}
                label={t('access.revokeOne', { name })}
                onSure={() => revoke.mutate(id)}
              />
            </Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </>
  )
}
