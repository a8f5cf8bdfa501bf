import { Alert, Button, Code, Divider, Drawer, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { IconChartLine, IconRefresh } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import { Link, useSearchParams } from 'wouter'
import { useMay, usePlant, useReadOnce, useTagDetail, useTagWatchers } from '../api/queries.ts'
import type { TagDetailAnswer } from '../api/types.ts'
import { canBeDrawn } from '../chart/series.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveValue } from '../live/use-live.tsx'
import { Age } from '../parts/age.tsx'
import { Facts } from '../parts/facts.tsx'
import { QualityText } from '../parts/quality.tsx'
import { SendForm } from '../parts/send-form.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { ValueText, valueInWords } from '../parts/value-text.tsx'

const LiveTrend = lazy(async () => ({ default: (await import('../chart/live-trend.tsx')).LiveTrend }))

const AN_HOUR = 3_600_000

/** One tag beside the page: its value, and the way that it came. Which one stands in the address (`tag`). */
export function TagDrawer() {
  const { t } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const id = parameters.get('tag')
  const close = () =>
    setParameters((before) => {
      before.delete('tag')
      return before
    })
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size="lg"
      title={id}
      closeButtonProps={{ 'aria-label': t('tag.close') }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      {id === null ? null : <Tag id={id} />}
    </Drawer>
  )
}

function Tag({ id }: { readonly id: string }) {
  const { data: tag, error } = useTagDetail(id)
  if (error) return <Trouble error={error} />
  if (!tag) return <Loader />
  return <TagPanel tag={tag} />
}

function TagPanel({ tag }: { readonly tag: TagDetailAnswer }) {
  const locale = useLocale()
  const { t } = locale
  const value = useLiveValue(tag.id)
  const may = useMay('command')
  const { data: plant } = usePlant()
  const kind = plant?.sources.find(({ key }) => key === tag.source)?.kind
  const isPolled = kind === 'modbus' || kind === 's7'
  return (
    <Stack>
      <div>
        <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
          {tag.name}
        </Title>
        {tag.description ? (
          <Text size="sm" className="quiet">
            {tag.description}
          </Text>
        ) : null}
      </div>
      <Group justify="space-between" align="flex-end">
        <Text size="xl" component="div" style={{ overflowWrap: 'anywhere' }}>
          <ValueText value={value} tag={tag} />
        </Text>
        <QualityText value={value} />
      </Group>
      <Facts
        facts={[
          [t('tag.sourceTime'), value ? <Age key="s" at={value.sourceTime} /> : undefined],
          [t('tag.serverTime'), value ? <Age key="c" at={value.serverTime} /> : undefined],
          [t('tag.access'), t(`tag.access.${tag.access}`)],
          [
            t('tag.range'),
            tag.range
              ? `${locale.number(tag.range.low)} … ${locale.number(tag.range.high)} ${tag.unit ?? ''}`
              : undefined,
          ],
        ]}
      />
      {kind === 'chirpstack' && value?.status === 'BadWaitingForInitialData' ? (
        <Text size="sm">{t('tag.notSentYet', { address: tag.address })}</Text>
      ) : null}
      {may && isPolled && tag.address !== '' ? <ReadNow tag={tag} /> : null}
      {may && tag.access === 'readWrite' && tag.arrayLength === undefined ? (
        <section aria-label={t('commands.write')}>
          <Title order={3} size="h6" mb="xs">
            {t('commands.write')}
          </Title>
          <SendForm
            device={tag.device}
            wanted={[{ ...tag, name: t('commands.value') }]}
            needsConfirmation={false}
            order={(values) => ({ tag: tag.key, value: values[tag.key] })}
          />
        </section>
      ) : null}
      {canBeDrawn(tag) ? <TagTrend tag={tag} /> : null}
      <Divider />
      <Way tag={tag} />
    </Stack>
  )
}

function TagTrend({ tag }: { readonly tag: TagDetailAnswer }) {
  const { t, time } = useLocale()
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Title order={3} size="h6">
          {t('tag.trendLastHour')}
        </Title>
        <Button
          component={Link}
          href={`/trends?tag=${encodeURIComponent(tag.id)}`}
          size="compact-sm"
          variant="subtle"
          leftSection={<IconChartLine size={14} />}
        >
          {t('tag.trend')}
        </Button>
      </Group>
      <Suspense fallback={<Loader size="sm" />}>
        <LiveTrend
          tags={[tag]}
          span={{ last: AN_HOUR }}
          height={180}
          label={(from, to) => t('trends.chart', { tags: tag.name, from: time(from), to: time(to) })}
        />
      </Suspense>
      {tag.history === 'off' ? (
        <Text size="xs" className="quiet">
          {t('tag.noHistory')}
        </Text>
      ) : null}
    </div>
  )
}

/** Where the value comes from and what is made of it, step by step, down to the clients. */
function Way({ tag }: { readonly tag: TagDetailAnswer }) {
  const locale = useLocale()
  const { t } = locale
  const value = useLiveValue(tag.id)
  const { data: told } = useTagWatchers(tag.id)
  return (
    <div>
      <Title order={3} size="h6" mb="sm">
        {t('tag.way')}
      </Title>
      <ol className="way">
        {tag.way.map(({ step, settings }) => (
          <li key={step}>
            <Text fw={600} size="sm">
              {t(`tag.way.${step}`)}
            </Text>
            {settings.map(({ name, value: setting }) => (
              <Group key={name} gap={8} align="baseline">
                <Text size="xs" className="quiet">
                  {name}
                </Text>
                <Code style={{ overflowWrap: 'anywhere' }}>{setting}</Code>
              </Group>
            ))}
            {step === 'quality' && value ? (
              <Group gap={8} mt={4}>
                <Text size="sm" fw={600}>
                  {valueInWords(value.value, tag, locale)}
                </Text>
                <QualityText value={value} />
                <Text size="xs" className="quiet">
                  <Age at={value.sourceTime} />
                </Text>
              </Group>
            ) : null}
          </li>
        ))}
        <li>
          <Text fw={600} size="sm">
            {t('tag.way.clients')}
          </Text>
          {told?.watchers.length === 0 ? (
            <Text size="xs" className="quiet">
              {t('setup.nobodyWatches')}
            </Text>
          ) : null}
          {told?.watchers.map(({ client, user, samplingMs, publishingMs, publishing }, position) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: nothing else tells two items of one client apart
            <Group key={position} gap={8} align="baseline">
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {client}
                {user === undefined ? '' : ` (${user ?? t('setup.anonymous')})`}
              </Text>
              <Text size="xs" className="quiet">
                {publishing
                  ? t('setup.watches', {
                      sampling: locale.milliseconds(samplingMs),
                      publishing: locale.milliseconds(publishingMs),
                    })
                  : t('setup.watchesNot')}
              </Text>
            </Group>
          ))}
        </li>
      </ol>
    </div>
  )
}

function ReadNow({ tag }: { readonly tag: TagDetailAnswer }) {
  const { t } = useLocale()
  const read = useReadOnce(tag.source)
  const { data } = read
  return (
    <Stack gap="xs">
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={14} />}
          loading={read.isPending}
          onClick={() => read.mutate({ device: tag.device, address: tag.address })}
        >
          {t('tag.readNow')}
        </Button>
      </Group>
      {read.error ? <Trouble error={read.error} /> : null}
      {data ? (
        <Alert color="blue" p="xs" role="status">
          {data.status === null
            ? t('tag.readBusy')
            : t('tag.readAnswer', { value: JSON.stringify(data.value), status: data.status, ms: Math.round(data.ms) })}
          {data.frames?.map(({ number, kind, text, hex }) => (
            <Text key={number} size="xs" style={{ overflowWrap: 'anywhere' }} mt={4}>
              {t(`frame.${kind}`)}: {text}
              {hex === '' ? null : (
                <Code block p={4} style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>
                  {hex.replace(/../g, '$& ')}
                </Code>
              )}
            </Text>
          ))}
        </Alert>
      ) : null}
    </Stack>
  )
}
