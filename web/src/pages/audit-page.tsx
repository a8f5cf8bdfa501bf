import { Card, Code, Skeleton, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { useAudit } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { PageTurner } from '../parts/page-turner.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

/** Who did what, and whether it was done. */
export function AuditPage() {
  const { t, time } = useLocale()
  const [before, setBefore] = useState<number>()
  const { data, error, refetch } = useAudit(before)
  useLiveSelection('none')
  return (
    <>
      <PageTitle title={t('audit.title')}>
        <PageTurner before={before} next={data?.next} onTurn={setBefore} />
      </PageTitle>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data?.rows.length === 0 ? <Empty text={t('audit.none')} /> : null}
      {data && data.rows.length > 0 ? (
        <Card withBorder>
          <WideTable
            minWidth={820}
            caption={t('audit.title')}
            head={[
              t('audit.when'),
              t('audit.who'),
              t('audit.action'),
              t('audit.subject'),
              t('audit.outcome'),
              t('audit.details'),
            ]}
          >
            {data.rows.map(({ id, at, by, action, subject, outcome, details }) => (
              <Table.Tr key={id}>
                <Table.Td className="numeric">{time(at)}</Table.Td>
                <Table.Td>
                  {by.user}
                  <Text size="xs" className="quiet" title={by.client}>
                    {[by.origin, by.address].filter((each) => each !== undefined).join(' · ')}
                  </Text>
                </Table.Td>
                <Table.Td>{action}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere', minWidth: 124 }}>{subject}</Table.Td>
                <Table.Td>{t(`audit.${outcome}`)}</Table.Td>
                <Table.Td>
                  {details ? <Code style={{ overflowWrap: 'anywhere' }}>{JSON.stringify(details)}</Code> : null}
                </Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        </Card>
      ) : null}
    </>
  )
}
