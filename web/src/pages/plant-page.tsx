import { Button, Group, NavLink, SegmentedControl, Select, Skeleton, Text, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useCallback, useDeferredValue, useMemo } from 'react'
import { Link, useSearchParams } from 'wouter'
import { usePlant, useTags } from '../api/queries.ts'
import type { PlantAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection, useLiveSources, useLiveStore, useLiveVersion } from '../live/use-live.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { StateDot } from '../parts/state-dot.tsx'
import { needsAttention } from '../parts/states.ts'
import { TagTable } from '../parts/tag-table.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { TagDrawer } from './tag-drawer.tsx'

const qualities = ['good', 'uncertain', 'bad'] as const
type Quality = (typeof qualities)[number]
const isQuality = (text: string | null): text is Quality => qualities.some((quality) => quality === text)

/** Every tag of the plant, or of a part of it, with its value as it is now. */
export function PlantPage() {
  const { t, orElse } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const source = parameters.get('source') ?? undefined
  const device = parameters.get('device') ?? undefined
  const search = parameters.get('search') ?? ''
  const asked = parameters.get('quality')
  const quality = isQuality(asked) ? asked : undefined
  const status = parameters.get('status') ?? undefined
  const onlyTrouble = parameters.get('devices') === 'trouble'
  const of = device === undefined ? { source } : { device }
  useLiveSelection(device === undefined ? (source === undefined ? {} : { source: [source] }) : { device: [device] })
  const { data: plant, error, refetch } = usePlant()
  const { data: tags, isPending } = useTags(of)
  const wanted = useDeferredValue(search.trim().toLowerCase())
  const store = useLiveStore()
  const version = useLiveVersion()
  const isNarrow = useMediaQuery('(max-width: 62em)')
  const devices = useMemo(
    () => new Map(plant?.sources.flatMap((each) => each.devices).map(({ key, name }) => [key, name])),
    [plant],
  )
  const deviceName = useCallback((key: string) => devices.get(key) ?? key, [devices])
  const found = useMemo(() => {
    if (!tags || wanted === '') return tags ?? []
    return tags.filter(({ id, name, device: key, address }) =>
      `${id} ${name} ${devices.get(key) ?? ''} ${address}`.toLowerCase().includes(wanted),
    )
  }, [tags, wanted, devices])
  const sources = useLiveSources()
  const troubled = useMemo(
    () =>
      new Set(
        sources?.flatMap((each) => each.devices.filter(({ state }) => needsAttention(state)).map(({ key }) => key)),
      ),
    [sources],
  )
  const isFiltered = quality !== undefined || status !== undefined || onlyTrouble
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that qualities may be others
  const shown = useMemo(() => {
    if (!isFiltered) return found
    return found.filter(({ id, device: key }) => {
      const value = store.value(id)
      const isMeant = quality === undefined || value?.quality === quality
      return isMeant && (status === undefined || value?.status === status) && (!onlyTrouble || troubled.has(key))
    })
  }, [found, quality, status, onlyTrouble, troubled, store, isFiltered ? version : 0])
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const statuses = useMemo(
    () => [...new Set(found.flatMap(({ id }) => store.value(id)?.status ?? []))].toSorted(),
    [found, store, version],
  )
  const set = (changes: Readonly<Record<string, string | undefined>>) => {
    setParameters(
      (before) => {
        for (const [name, value] of Object.entries(changes)) {
          if (value === undefined || value === '') before.delete(name)
          else before.set(name, value)
        }
        return before
      },
      { replace: true },
    )
  }
  const open = useCallback(
    (id: string) =>
      setParameters((before) => {
        before.set('tag', id)
        return before
      }),
    [setParameters],
  )
  return (
    <div className="page-fill">
      <PageTitle title={t('plant.title')}>
        <Text size="sm" className="quiet numeric" role="status">
          {tags ? t('plant.count', { shown: shown.length, count: tags.length }) : ''}
        </Text>
      </PageTitle>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      <Group mb="sm" gap="sm">
        <TextInput
          style={{ flex: '1 1 220px' }}
          aria-label={t('plant.search')}
          placeholder={t('plant.searchHint')}
          leftSection={<IconSearch size={16} />}
          value={search}
          onChange={(event) => set({ search: event.currentTarget.value })}
        />
        <SegmentedControl
          aria-label={t('plant.filter')}
          value={quality ?? 'all'}
          onChange={(value) => set({ quality: value === 'all' ? undefined : value })}
          data={[
            { value: 'all', label: t('plant.filterAll') },
            ...qualities.map((value) => ({ value, label: t(`quality.${value}`) })),
          ]}
        />
        <Select
          style={{ flex: '0 1 240px' }}
          aria-label={t('setup.statusFilter')}
          placeholder={t('setup.anyStatus')}
          value={status ?? null}
          data={[...new Set([...statuses, ...(status === undefined ? [] : [status])])].map((value) => ({
            value,
            label: orElse(`status.${value}`, value),
          }))}
          onChange={(value) => set({ status: value ?? undefined })}
          clearable
        />
        {onlyTrouble ? (
          <Button
            variant="light"
            rightSection={<IconX size={14} aria-hidden />}
            onClick={() => set({ devices: undefined })}
            title={t('setup.showAll')}
          >
            {t('setup.onlyTrouble')}
          </Button>
        ) : null}
      </Group>
      <div className="plant-columns">
        {isNarrow ? (
          <PlantSelect plant={plant} chosen={device ?? source} />
        ) : (
          <PlantTree plant={plant} chosen={device ?? source} />
        )}
        {isPending ? (
          <Skeleton h="100%" />
        ) : (
          <TagTable
            tags={shown}
            deviceName={device === undefined ? deviceName : undefined}
            onOpen={open}
            emptyText={tags?.length === 0 ? t('plant.noTags') : t('plant.none')}
          />
        )}
      </div>
      <TagDrawer />
    </div>
  )
}

interface PlantPartProps {
  readonly plant: PlantAnswer | undefined
  readonly chosen: string | undefined
}

function PlantTree({ plant, chosen }: PlantPartProps) {
  const { t } = useLocale()
  const sources = useLiveSources()
  const states = new Map(sources?.flatMap((source) => source.devices).map(({ key, state }) => [key, state]))
  const sourceStates = new Map(sources?.map(({ key, state }) => [key, state]))
  return (
    <nav className="plant-tree" aria-label={t('plant.tree')}>
      <NavLink component={Link} href="/plant" label={t('plant.all')} active={chosen === undefined} />
      {plant?.sources.map((source) => (
        <div key={source.key}>
          <NavLink
            component={Link}
            href={`/plant?source=${source.key}`}
            active={chosen === source.key}
            leftSection={<StateDot state={sourceStates.get(source.key)} />}
            label={source.name}
            description={t(`kind.${source.kind}`)}
            fw={600}
          />
          {source.devices.map((device) => (
            <NavLink
              key={device.key}
              component={Link}
              href={`/plant?device=${device.key}`}
              active={chosen === device.key}
              leftSection={<StateDot state={states.get(device.key)} />}
              label={device.name}
              pl={28}
              rightSection={
                <Text size="xs" className="quiet numeric">
                  {device.tags}
                </Text>
              }
            />
          ))}
        </div>
      ))}
    </nav>
  )
}

/** The same on a narrow screen, where a tree has no room. */
function PlantSelect({ plant, chosen }: PlantPartProps) {
  const { t } = useLocale()
  const [, setParameters] = useSearchParams()
  const data = [
    { value: '', label: t('plant.all') },
    ...(plant?.sources.flatMap((source) => [
      { value: `source=${source.key}`, label: source.name },
      ...source.devices.map(({ key, name }) => ({ value: `device=${key}`, label: `– ${name}` })),
    ]) ?? []),
  ]
  const value = data.find((each) => each.value.split('=')[1] === chosen)?.value ?? ''
  const choose = (given: string | null) =>
    setParameters((before) => {
      before.delete('source')
      before.delete('device')
      const [name = '', key = ''] = (given ?? '').split('=')
      if (key !== '') before.set(name, key)
      return before
    })
  return (
    <Select aria-label={t('plant.tree')} data={data} value={value} onChange={choose} searchable allowDeselect={false} />
  )
}
