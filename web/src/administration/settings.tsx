import {
  Alert,
  Anchor,
  Badge,
  Card,
  Code,
  Group,
  SegmentedControl,
  Skeleton,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useSettings } from '../api/administration.ts'
import type { SettingsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

type Setting = SettingsAnswer['settings'][number]

/** Every setting beside the plant, with where its value comes from. */
export function Settings() {
  const { t } = useLocale()
  const { data, error, refetch } = useSettings()
  const [search, setSearch] = useState('')
  const [isSetOnly, setSetOnly] = useState(true)
  const words = search.trim().toLowerCase()
  const fits = ({ path, description, origin }: Setting) =>
    (!isSetOnly || origin !== 'default') && `${path} ${description}`.toLowerCase().includes(words)
  return (
    <Card withBorder component="section" aria-label={t('admin.settings.title')}>
      <Title order={2} size="h5" mb="xs">
        {t('admin.settings.title')}
      </Title>
      <Text size="sm" mb="xs">
        {t('admin.settings.hint')}{' '}
        <Anchor component={Link} href="/configuration/yaml" underline="always">
          {t('admin.settings.toYaml')}
        </Anchor>
      </Text>
      {data && data.restart.length > 0 ? (
        <Alert color="orange" mb="xs" role="status">
          {t('conf.restart', { sections: data.restart.join(', ') })}
        </Alert>
      ) : null}
      <Group mb="xs">
        <SegmentedControl
          aria-label={t('admin.settings.which')}
          value={isSetOnly ? 'set' : 'all'}
          onChange={(value) => setSetOnly(value === 'set')}
          data={[
            { value: 'set', label: t('admin.settings.set') },
            { value: 'all', label: t('admin.settings.all') },
          ]}
        />
        <TextInput
          aria-label={t('admin.settings.search')}
          placeholder={t('admin.settings.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          style={{ flex: '1 1 180px' }}
        />
      </Group>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data ? (
        <WideTable
          minWidth={640}
          maxHeight={520}
          caption={t('admin.settings.title')}
          head={[t('admin.settings.name'), t('admin.settings.value'), t('admin.settings.origin')]}
        >
          {data.settings.filter(fits).map((setting) => (
            <Table.Tr key={setting.path}>
              <Table.Td>
                <Code>{setting.path}</Code>
                <Text size="xs" className="quiet">
                  {setting.description}
                </Text>
              </Table.Td>
              <Table.Td maw={320}>
                <Value setting={setting} />
              </Table.Td>
              <Table.Td>
                <OriginBadge setting={setting} />
              </Table.Td>
            </Table.Tr>
          ))}
        </WideTable>
      ) : null}
    </Card>
  )
}

function Value({ setting: { value, otherwise } }: { readonly setting: Setting }) {
  if (value === null) {
    return (
      <Text size="sm" className="quiet">
        {otherwise ?? '–'}
      </Text>
    )
  }
  return <Code style={{ overflowWrap: 'anywhere' }}>{typeof value === 'string' ? value : JSON.stringify(value)}</Code>
}

function OriginBadge({ setting: { origin, line, variable } }: { readonly setting: Setting }) {
  const { t } = useLocale()
  if (origin === 'environment') {
    return (
      <Group gap={6} wrap="nowrap">
        <IconLock size={14} aria-hidden />
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {t('admin.settings.ofEnvironment', { variable: variable ?? '' })}
        </Text>
      </Group>
    )
  }
  return (
    <Badge color={origin === 'file' ? 'blue' : 'gray'} variant="light" radius="sm" tt="none" miw="max-content">
      {origin === 'file' ? t('admin.settings.ofFile', { line: line ?? 0 }) : t('admin.settings.ofDefault')}
    </Badge>
  )
}
