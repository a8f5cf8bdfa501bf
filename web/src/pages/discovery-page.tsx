import { Badge, Card, Skeleton, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useFindings } from '../api/queries.ts'
import type { FindingsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

type Found = FindingsAnswer['sources'][number]

/** What sources found by themselves: devices that wait for an operator, and in what plant and ChirpStack differ. */
export function DiscoveryPage() {
  const { t } = useLocale()
  const { data, error, refetch } = useFindings()
  const [search, setSearch] = useState('')
  useLiveSelection('none')
  const wanted = search.trim().toLowerCase()
  const has = (entry: object) => wanted === '' || Object.values(entry).join(' ').toLowerCase().includes(wanted)
  const total = data?.sources.reduce((sum, { proposals, drift }) => sum + proposals.length + drift.length, 0) ?? 0
  return (
    <>
      <PageTitle title={t('discovery.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data?.sources.length === 0 ? <Empty text={t('discovery.noSources')} /> : null}
      {data && data.sources.length > 0 && total === 0 ? <Empty text={t('discovery.none')} /> : null}
      {total > 0 ? (
        <Stack>
          <TextInput
            aria-label={t('discovery.search')}
            placeholder={t('discovery.search')}
            leftSection={<IconSearch size={16} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          {data?.sources.map(({ source, proposals, drift }) => (
            <Stack key={source}>
              <Proposals source={source} proposals={proposals.filter(has)} />
              <Drift source={source} drift={drift.filter(has)} />
            </Stack>
          ))}
        </Stack>
      ) : null}
    </>
  )
}

function Proposals({ source, proposals }: Pick<Found, 'source' | 'proposals'>) {
  const { t } = useLocale()
  if (proposals.length === 0) return null
  return (
    <Card withBorder component="section" aria-label={t('discovery.proposals')}>
      <Title order={2} size="h5">
        {t('discovery.proposals')} ({source})
      </Title>
      <Text size="sm" className="quiet" mb="xs">
        {t('discovery.proposalsHint')}
      </Text>
      <WideTable
        minWidth={760}
        caption={t('discovery.proposals')}
        head={[
          t('discovery.device'),
          t('discovery.application'),
          t('discovery.profile'),
          t('discovery.template'),
          t('discovery.why'),
        ]}
      >
        {proposals.map(({ devEui, name, application, profile, template, why }) => (
          <Table.Tr key={devEui}>
            <Table.Td>
              {name}
              <Text size="xs" className="quiet numeric">
                {devEui}
              </Text>
            </Table.Td>
            <Table.Td>{application}</Table.Td>
            <Table.Td>{profile}</Table.Td>
            <Table.Td>{template}</Table.Td>
            <Table.Td>{why}</Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </Card>
  )
}

function Drift({ source, drift }: Pick<Found, 'source' | 'drift'>) {
  const { t } = useLocale()
  if (drift.length === 0) return null
  return (
    <Card withBorder component="section" aria-label={t('discovery.drift')}>
      <Title order={2} size="h5" mb="xs">
        {t('discovery.drift')} ({source})
      </Title>
      <WideTable
        minWidth={760}
        caption={t('discovery.drift')}
        head={[t('discovery.kind'), t('discovery.device'), t('discovery.why'), t('discovery.mend')]}
      >
        {drift.map(({ kind, devEui, name, device, tag, reason, mend }) => (
          <Table.Tr key={`${kind} ${devEui} ${tag ?? ''}`}>
            <Table.Td>
              <Badge variant="light" color="gray" radius="sm" tt="none" autoContrast miw="max-content">
                {t(`drift.${kind}`)}
              </Badge>
            </Table.Td>
            <Table.Td>
              {device === undefined ? name : <Link href={`/devices/${device}`}>{name}</Link>}
              <Text size="xs" className="quiet numeric">
                {devEui}
              </Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm">{reason}</Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm">{mend}</Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </Card>
  )
}
