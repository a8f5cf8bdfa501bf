import { Button, Group, List, Select, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { useSetting } from '../api/configuration.ts'
import type { OutlineAnswer } from '../api/types.ts'
import { addressOf } from '../configuration/place.ts'
import type { Settings } from '../configuration/schema.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { TagForm } from './tag-form.tsx'

interface TagsStepProps {
  readonly outline: OutlineAnswer
  readonly onDone: () => void
}

/** Which values are read. Devices of ChirpStack tell by themselves; field devices have to be asked. */
export function TagsStep({ outline, onDone }: TagsStepProps) {
  const { t } = useLocale()
  const [chosen, setChosen] = useState<string>()
  const fields = outline.sources.filter(({ kind }) => kind === 'modbus' || kind === 's7')
  const places = fields.flatMap((source) =>
    source.devices.map((device) => ({
      value: `sources/${source.key}/devices/${device.key}`,
      label: `${source.name} – ${device.name}`,
      tags: device.tags,
    })),
  )
  // Whoever has just added a source goes on with that.
  const at = chosen ?? (places.findLast(({ tags }) => tags === 0) ?? places.at(-1))?.value
  const hasLora = outline.sources.some(({ kind }) => kind === 'chirpstack')
  return (
    <Stack gap="md">
      <Title order={2} size="h4">
        {t('setup.tags')}
      </Title>
      {outline.sources.length === 0 ? <Text>{t('setup.noSource')}</Text> : null}
      {hasLora ? <Text>{t('setup.tagsOfLora')}</Text> : null}
      {places.length > 1 ? (
        <Select
          label={t('setup.deviceOfTags')}
          data={places.map(({ value, label }) => ({ value, label }))}
          value={at ?? null}
          onChange={(value) => value && setChosen(value)}
          allowDeselect={false}
        />
      ) : null}
      {at ? <DeviceTags key={at} at={at} source={outline.sources.find(({ key }) => key === at.split('/')[1])} /> : null}
      <Group>
        <Button onClick={onDone} variant={places.some(({ tags }) => tags > 0) || hasLora ? 'filled' : 'default'}>
          {t('setup.toReview')}
        </Button>
        {at ? (
          <>
            <Button component={Link} href={addressOf(at)} variant="default">
              {t('setup.moreSettings')}
            </Button>
            <Button component={Link} href="/configuration/tags" variant="default">
              {t('setup.csv')}
            </Button>
          </>
        ) : null}
      </Group>
    </Stack>
  )
}

interface DeviceTagsProps {
  readonly at: string
  readonly source: OutlineAnswer['sources'][number] | undefined
}

function DeviceTags({ at, source }: DeviceTagsProps) {
  const { t } = useLocale()
  const [, sourceKey = '', , deviceKey = ''] = at.split('/')
  const { data, error } = useSetting(`sources/${sourceKey}`)
  if (error) return <Trouble error={error} />
  if (!data || !source) return <Skeleton h={160} />
  const settings = (data.value ?? {}) as Settings
  const devices = Array.isArray(settings.devices) ? (settings.devices as Settings[]) : []
  const device = devices.find(({ key }) => key === deviceKey)
  if (!device) return <Skeleton h={160} />
  const tags = Array.isArray(device.tags) ? (device.tags as Settings[]) : []
  return (
    <Stack gap="sm">
      {tags.length > 0 ? (
        <List size="sm" spacing={2} aria-label={t('setup.tagsThere')}>
          {tags.slice(0, 100).map((tag) => (
            <List.Item key={String(tag.key)} style={{ overflowWrap: 'anywhere' }}>
              {String(tag.name ?? tag.key)} – {String(tag.type)} – {String(tag.address)}
            </List.Item>
          ))}
        </List>
      ) : null}
      <TagForm at={at} kind={source.kind} source={settings} device={device} />
    </Stack>
  )
}
