import {
  Alert,
  Button,
  Card,
  ColorSwatch,
  Group,
  MultiSelect,
  SegmentedControl,
  Stack,
  Table,
  Text,
  useComputedColorScheme,
} from '@mantine/core'
import { IconArrowLeft, IconArrowRight, IconClockPlay } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import { useTags } from '../api/queries.ts'
import type { TagAnswer } from '../api/types.ts'
import { LiveTrend, type Span } from '../chart/live-trend.tsx'
import { canBeDrawn } from '../chart/series.ts'
import { lineColour } from '../chart/trend-chart.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection, useLiveStore, useLiveValue } from '../live/use-live.tsx'
import { Age } from '../parts/age.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { QualityText } from '../parts/quality.tsx'
import { ValueText } from '../parts/value-text.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { SetupLink } from '../setup/setup-link.tsx'

const MOST_TAGS = 8
const spans = {
  '15m': 900_000,
  '1h': 3_600_000,
  '8h': 28_800_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
} as const
type SpanName = keyof typeof spans
const isSpanName = (text: string | null): text is SpanName => text !== null && Object.hasOwn(spans, text)
const HEIGHT = 420

/** Any tags over any span of time. What is shown stands in the address, so that it can be kept and passed on. */
export function TrendsPage() {
  const { t, time } = useLocale()
  const store = useLiveStore()
  const [parameters, setParameters] = useSearchParams()
  const [isThinned, setThinned] = useState(false)
  const { data: tags } = useTags({})
  const ids = parameters.getAll('tag').slice(0, MOST_TAGS)
  const chosen = useMemo(() => new Map(tags?.map((tag) => [tag.id, tag])), [tags])
  const drawn = ids.flatMap((id): TagAnswer[] => {
    const tag = chosen.get(id)
    return tag && canBeDrawn(tag) ? [tag] : []
  })
  useLiveSelection(ids.length === 0 ? 'none' : { tag: ids })
  const asked = parameters.get('span')
  const name: SpanName = isSpanName(asked) ? asked : '1h'
  const [from, to] = [Number(parameters.get('from')), Number(parameters.get('to'))]
  const span: Span = from > 0 && to > from ? { from, to } : { last: spans[name] }
  const set = (change: (before: URLSearchParams) => void) =>
    setParameters(
      (before) => {
        change(before)
        return before
      },
      { replace: true },
    )
  const show = (begin: number, end: number) =>
    set((before) => {
      before.set('from', String(Math.round(begin)))
      before.set('to', String(Math.round(end)))
    })
  const move = (by: number) => {
    const now = Date.now() + store.clockAhead
    const [begin, end] = 'last' in span ? [now - span.last, now] : [span.from, span.to]
    show(begin + (end - begin) * by, end + (end - begin) * by)
  }
  const options = useMemo(
    () => tags?.filter(canBeDrawn).map(({ id, name: tagName }) => ({ value: id, label: `${tagName} (${id})` })) ?? [],
    [tags],
  )
  const unkept = drawn.filter(({ history }) => history === 'off').map(({ name: tagName }) => tagName)
  return (
    <>
      <PageTitle title={t('trends.title')} />
      <Stack>
        <MultiSelect
          label={t('trends.choose')}
          description={t('trends.chooseHint', { count: MOST_TAGS })}
          data={options}
          value={ids.filter((id) => chosen.has(id))}
          onChange={(values) =>
            set((before) => {
              before.delete('tag')
              for (const value of values) before.append('tag', value)
            })
          }
          searchable
          clearable
          limit={50}
          maxValues={MOST_TAGS}
          clearButtonProps={{ 'aria-label': t('tag.close') }}
        />
        <Group justify="space-between">
          <SegmentedControl
            aria-label={t('trends.span')}
            value={'last' in span ? name : ''}
            onChange={(value) =>
              set((before) => {
                before.delete('from')
                before.delete('to')
                before.set('span', value)
              })
            }
            data={(Object.keys(spans) as SpanName[]).map((value) => ({ value, label: t(`trends.${value}`) }))}
          />
          <Group gap="xs">
            <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={() => move(-0.5)}>
              {t('trends.back')}
            </Button>
            <Button variant="default" rightSection={<IconArrowRight size={16} />} onClick={() => move(0.5)}>
              {t('trends.forth')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconClockPlay size={16} />}
              disabled={'last' in span}
              onClick={() =>
                set((before) => {
                  before.delete('from')
                  before.delete('to')
                })
              }
            >
              {t('trends.now')}
            </Button>
          </Group>
        </Group>
        {isThinned ? <Alert color="blue">{t('trends.thinned')}</Alert> : null}
        {drawn.length === 0 ? (
          <Card withBorder>
            <Empty text={t('trends.empty')}>
              <SetupLink />
            </Empty>
          </Card>
        ) : (
          <Card withBorder p="sm">
            <LiveTrend
              tags={drawn}
              span={span}
              height={HEIGHT}
              onZoom={show}
              onThinned={setThinned}
              label={(begin, end) =>
                t('trends.chart', {
                  tags: drawn.map(({ name: tagName }) => tagName).join(', '),
                  from: time(begin),
                  to: time(end),
                })
              }
            />
            <Text size="xs" className="quiet" mt="xs">
              {t('trends.legend')} {t('trends.zoomHint')}
            </Text>
            {unkept.length > 0 ? (
              <Text size="xs" className="quiet">
                {t('trends.historyOff', { tags: unkept.join(', ') })}
              </Text>
            ) : null}
          </Card>
        )}
        {drawn.length > 0 ? <Latest tags={drawn} /> : null}
      </Stack>
    </>
  )
}

function Latest({ tags }: { readonly tags: readonly TagAnswer[] }) {
  const { t } = useLocale()
  return (
    <Card withBorder p="sm">
      <WideTable
        minWidth={420}
        caption={t('trends.table')}
        head={[t('plant.tag'), t('plant.value'), t('plant.status'), t('plant.time')]}
      >
        {tags.map((tag, position) => (
          <LatestRow key={tag.id} tag={tag} position={position} />
        ))}
      </WideTable>
    </Card>
  )
}

function LatestRow({ tag, position }: { readonly tag: TagAnswer; readonly position: number }) {
  const scheme = useComputedColorScheme('light')
  const value = useLiveValue(tag.id)
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <ColorSwatch color={lineColour(scheme, position)} size={12} aria-hidden />
          <span>
            {tag.name}
            <Text size="xs" className="quiet">
              {tag.id}
            </Text>
          </span>
        </Group>
      </Table.Td>
      <Table.Td>
        <ValueText value={value} tag={tag} />
      </Table.Td>
      <Table.Td>
        <QualityText value={value} />
      </Table.Td>
      <Table.Td>{value ? <Age at={value.sourceTime} /> : null}</Table.Td>
    </Table.Tr>
  )
}
