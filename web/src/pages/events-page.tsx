import { Card, Group, SegmentedControl, Select, Skeleton, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { useEvents } from '../api/administration.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { Empty } from '../parts/empty.tsx'
import { EventTable } from '../parts/event-table.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { PageTurner } from '../parts/page-turner.tsx'
import { Trouble } from '../parts/trouble.tsx'

const kinds = ['alarm', 'source', 'device', 'devices', 'command', 'gateway'] as const
/** From which severity on: that of a device that does not answer, and what OPC UA calls urgent. */
const severities = ['400', '667'] as const

/** What happened to the gateway, its sources and devices, and what lasts. What is asked for stands in the address. */
export function EventsPage() {
  const { t } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const [before, setBefore] = useState<string>()
  useLiveSelection('none')
  const given = (name: string) => parameters.get(name) ?? undefined
  const filter = { state: given('state'), kind: given('kind'), minSeverity: given('severity'), search: given('search') }
  const { data, error, refetch } = useEvents(filter, before)
  const set = (name: string, value: string | null) => {
    setBefore(undefined)
    setParameters(
      (now) => {
        if (value) now.set(name, value)
        else now.delete(name)
        return now
      },
      { replace: true },
    )
  }
  const isFiltered = Object.values(filter).some((each) => each !== undefined)
  return (
    <>
      <PageTitle title={t('admin.events.title')}>
        <PageTurner before={before} next={data?.next} onTurn={setBefore} />
      </PageTitle>
      <Group mb="md" gap="sm" align="flex-end">
        <SegmentedControl
          aria-label={t('admin.events.state')}
          value={filter.state ?? ''}
          onChange={(value) => set('state', value)}
          data={[
            { value: '', label: t('admin.events.all') },
            { value: 'lasting', label: t('admin.events.lasting') },
            { value: 'over', label: t('admin.events.over') },
          ]}
        />
        <Select
          aria-label={t('admin.events.kind')}
          placeholder={t('admin.events.anyKind')}
          value={filter.kind ?? null}
          onChange={(value) => set('kind', value)}
          data={kinds.map((value) => ({ value, label: t(`admin.events.kind.${value}`) }))}
          clearable
          clearButtonProps={{ 'aria-label': t('conf.clear', { name: t('admin.events.kind') }) }}
          w={190}
        />
        <Select
          aria-label={t('admin.events.severity')}
          placeholder={t('admin.events.anySeverity')}
          value={filter.minSeverity ?? null}
          onChange={(value) => set('severity', value)}
          data={severities.map((value) => ({ value, label: t(`admin.events.from.${value}`) }))}
          clearable
          clearButtonProps={{ 'aria-label': t('conf.clear', { name: t('admin.events.severity') }) }}
          w={190}
        />
        <TextInput
          aria-label={t('admin.events.search')}
          placeholder={t('admin.events.search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={filter.search ?? ''}
          maxLength={200}
          onChange={(event) => set('search', event.currentTarget.value)}
          style={{ flex: '1 1 180px' }}
        />
      </Group>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data?.events.length === 0 ? <Empty text={t(isFiltered ? 'admin.events.noMatch' : 'admin.events.none')} /> : null}
      {data && data.events.length > 0 ? (
        <Card withBorder>
          <EventTable events={data.events} />
        </Card>
      ) : null}
    </>
  )
}
