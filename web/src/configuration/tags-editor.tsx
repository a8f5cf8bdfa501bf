import { Card, Checkbox, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useDeferredValue, useState } from 'react'
import { Link } from 'wouter'
import { useDraft } from '../api/configuration.ts'
import type { TagAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection, useLiveValue } from '../live/use-live.tsx'
import { QualityText } from '../parts/quality.tsx'
import { ValueText } from '../parts/value-text.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { BulkEdit } from './bulk-edit.tsx'
import { addressOf, type Place } from './place.ts'
import { isWrongAt } from './problems.tsx'
import type { JsonSchema, Settings } from './schema.ts'

const MOST_SHOWN = 200

interface TagRow {
  readonly id: string
  readonly at: string
  readonly device: string
  readonly tag: Settings
}

interface TagsEditorProps {
  /** A device, or a source with all of its devices. */
  readonly place: Place
  readonly written: Settings
  readonly tagSchema: JsonSchema | undefined
}

/** The tags of a device or source, with their values as they are now, and what is done with many at once. */
export function TagsEditor({ place, written, tagSchema }: TagsEditorProps) {
  const { t, n } = useLocale()
  const { data } = useDraft()
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const wanted = useDeferredValue(search.trim().toLowerCase())
  const key = String(written.key)
  useLiveSelection(place.what === 'template' ? 'none' : { [place.what === 'device' ? 'device' : 'source']: [key] })
  const rows = rowsOf(place, written)
  const found = rows.filter(({ id, tag }) =>
    `${id} ${String(tag.name ?? '')} ${String(tag.address ?? '')}`.toLowerCase().includes(wanted),
  )
  // Tags of a template are not of one device, and changed one by one.
  const canChoose = place.what !== 'template'
  const selected = canChoose ? found.filter(({ id }) => chosen.has(id)) : []
  const toggle = (id: string) =>
    setChosen((before) => new Set(before.has(id) ? [...before].filter((each) => each !== id) : [...before, id]))
  if (rows.length === 0) return <Text className="quiet">{t('conf.noTags')}</Text>
  return (
    <Card withBorder component="section" aria-label={t('device.tags')}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h5">
            {n('conf.tags', rows.length)}
          </Title>
          <TextInput
            aria-label={t('plant.search')}
            placeholder={t('plant.searchHint')}
            leftSection={<IconSearch size={16} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </Group>
        {selected.length > 0 && tagSchema ? (
          <BulkEdit ids={selected.map(({ id }) => id)} schema={tagSchema} onDone={() => setChosen(new Set())} />
        ) : null}
        <WideTable
          minWidth={640}
          maxHeight={560}
          caption={t('device.tags')}
          head={[
            <Checkbox
              key="all"
              disabled={!canChoose}
              aria-label={t('conf.selectAll')}
              checked={found.length > 0 && selected.length === found.length}
              indeterminate={selected.length > 0 && selected.length < found.length}
              onChange={(event) => setChosen(new Set(event.currentTarget.checked ? found.map(({ id }) => id) : []))}
            />,
            t('plant.tag'),
            t('plant.address'),
            t('plant.type'),
            t('plant.value'),
            t('plant.status'),
          ]}
        >
          {found.slice(0, MOST_SHOWN).map((row) => (
            <Row
              key={row.id}
              row={row}
              isChosen={chosen.has(row.id)}
              isWrong={isWrongAt(row.at, data?.draft)}
              hasDevice={place.what === 'source'}
              onToggle={canChoose ? () => toggle(row.id) : undefined}
            />
          ))}
        </WideTable>
        {found.length > MOST_SHOWN ? (
          <Text size="sm" className="quiet">
            {t('conf.moreTags', { shown: MOST_SHOWN, count: found.length })}
          </Text>
        ) : null}
      </Stack>
    </Card>
  )
}

interface RowProps {
  readonly row: TagRow
  readonly isChosen: boolean
  readonly isWrong: boolean
  readonly hasDevice: boolean
  /** Absent: it cannot be chosen. */
  readonly onToggle: (() => void) | undefined
}

function Row({ row, isChosen, isWrong, hasDevice, onToggle }: RowProps) {
  const { t } = useLocale()
  const { id, at, device, tag } = row
  const value = useLiveValue(id)
  const name = String(tag.name ?? tag.key)
  return (
    <Table.Tr>
      <Table.Td>
        <Checkbox
          aria-label={t('conf.selectOne', { name })}
          checked={isChosen}
          disabled={!onToggle}
          onChange={() => onToggle?.()}
        />
      </Table.Td>
      <Table.Td>
        <Link href={addressOf(at)}>{name}</Link>
        {hasDevice ? (
          <Text size="xs" className="quiet">
            {device}
          </Text>
        ) : null}
        {isWrong ? (
          <Text size="xs" c="var(--penstock-bad)">
            {t('conf.wrong')}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>{String(tag.address ?? tag.expression ?? '')}</Table.Td>
      <Table.Td>{String(tag.type ?? '')}</Table.Td>
      <Table.Td>
        <ValueText
          value={value}
          tag={{ unit: typeof tag.unit === 'string' ? tag.unit : undefined, type: tag.type as TagAnswer['type'] }}
        />
      </Table.Td>
      <Table.Td>{value ? <QualityText value={value} /> : t('conf.notThere')}</Table.Td>
    </Table.Tr>
  )
}

function rowsOf(place: Place, written: Settings): TagRow[] {
  const rows = (device: Settings, at: string) =>
    listOf(device.tags).map((tag) => ({
      id: `${String(device.key)}/${String(tag.key)}`,
      at: `${at}/tags/${String(tag.key)}`,
      device: String(device.name ?? device.key),
      tag,
    }))
  if (place.what !== 'source') return rows(written, place.at)
  return listOf(written.devices).flatMap((device) => rows(device, `${place.at}/devices/${String(device.key)}`))
}

const listOf = (value: unknown): readonly Settings[] =>
  Array.isArray(value) ? value.filter((each): each is Settings => typeof each === 'object' && each !== null) : []
