import { Button, Card, Skeleton, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { useCloseSession, useOpcuaSessions } from '../api/administration.ts'
import type { OpcuaSessionsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Age } from '../parts/age.tsx'
import { byteSize } from '../parts/byte-size.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { plainAddress } from '../parts/plain-address.ts'
import { StrangeText } from '../parts/strange-text.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

type Session = OpcuaSessionsAnswer['sessions'][number]

/** Who is connected to the OPC UA server, how, and what that costs. */
export function OpcuaSessions() {
  const { t } = useLocale()
  const { data, error, refetch } = useOpcuaSessions()
  const close = useCloseSession()
  const [closing, setClosing] = useState<Session>()
  const ask = (session: Session) => {
    close.reset()
    setClosing(session)
  }
  return (
    <>
      <PageTitle title={t('admin.sessions.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data?.sessions.length === 0 ? <Empty text={t('admin.sessions.none')} /> : null}
      {data && data.sessions.length > 0 ? (
        <Card withBorder>
          <WideTable
            minWidth={900}
            caption={t('admin.sessions.title')}
            head={[
              t('admin.sessions.user'),
              t('admin.sessions.client'),
              t('admin.sessions.security'),
              t('admin.sessions.since'),
              t('admin.sessions.follows'),
              t('admin.sessions.load'),
              '',
            ]}
          >
            {data.sessions.map((session) => (
              <Row key={session.id} session={session} onClose={() => ask(session)} />
            ))}
          </WideTable>
        </Card>
      ) : null}
      {closing ? (
        <Confirm
          title={t('admin.sessions.closeTitle')}
          act={t('admin.sessions.close')}
          isBusy={close.isPending}
          error={close.error}
          onAct={() => close.mutate(closing.id, { onSuccess: () => setClosing(undefined) })}
          onClose={() => setClosing(undefined)}
        >
          <StrangeText text={`${closing.user ?? t('admin.sessions.anonymous')} · ${closing.client}`} />
          <br />
          {t('admin.sessions.closeText')}
        </Confirm>
      ) : null}
    </>
  )
}

function Row({ session, onClose }: { readonly session: Session; readonly onClose: () => void }) {
  const locale = useLocale()
  const { t, n, number } = locale
  const { user, login, client, clientUri, address, securityPolicy, securityMode, subscriptions } = session
  const { requests, bytesSent, bytesReceived } = session
  const items = subscriptions.reduce((sum, each) => sum + each.items, 0)
  const shortest = Math.min(...subscriptions.map(({ publishingIntervalMs }) => publishingIntervalMs))
  const name = user ?? t(login === 'anonymous' ? 'admin.sessions.anonymous' : 'admin.sessions.notIn')
  return (
    <Table.Tr>
      <Table.Td>
        <StrangeText text={name} />
        {login === 'password' || login === 'certificate' ? (
          <Text size="xs" className="quiet">
            {t(`admin.sessions.by.${login}`)}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td maw={280}>
        <StrangeText text={client || session.name} />
        <Text size="xs" className="quiet">
          <StrangeText
            text={[address === null ? t('admin.sessions.noConnection') : plainAddress(address), clientUri]
              .filter(Boolean)
              .join(' · ')}
          />
        </Text>
      </Table.Td>
      <Table.Td>
        {securityMode === 'None' ? (
          t('admin.sessions.open')
        ) : (
          <>
            {securityPolicy ?? ''}
            <Text size="xs" className="quiet">
              {securityMode ?? ''}
            </Text>
          </>
        )}
      </Table.Td>
      <Table.Td>
        <Age at={session.since} />
        <Text size="xs" className="quiet">
          {t('admin.sessions.lastContact')} <Age at={session.lastContactAt} />
        </Text>
      </Table.Td>
      <Table.Td>
        {n('admin.sessions.items', items)}
        <Text size="xs" className="quiet">
          {n('admin.sessions.subscriptions', subscriptions.length)}
          {subscriptions.length > 0 ? ` · ${t('admin.sessions.fastest', { ms: shortest })}` : ''}
        </Text>
      </Table.Td>
      <Table.Td className="numeric">
        {requests === null ? '' : t('admin.sessions.requests', { count: number(requests) })}
        <Text size="xs" className="quiet">
          {bytesSent === null || bytesReceived === null
            ? ''
            : `↑ ${byteSize(bytesSent, locale)} · ↓ ${byteSize(bytesReceived, locale)}`}
        </Text>
      </Table.Td>
      <Table.Td ta="right">
        <Button
          size="compact-sm"
          variant="default"
          onClick={onClose}
          aria-label={t('admin.sessions.closeOne', { name: `${name} ${client}` })}
        >
          {t('admin.sessions.close')}
        </Button>
      </Table.Td>
    </Table.Tr>
  )
}
