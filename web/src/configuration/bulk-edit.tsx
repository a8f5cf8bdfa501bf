import { Button, Card, Group, List, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type TagsChange, useChangeTags, usePreviewTags } from '../api/configuration.ts'
import type { ChangedOrSeenAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { Field } from './field.tsx'
import { Problems } from './problems.tsx'
import { fieldsOf, humanised, type JsonSchema, type Settings, withSetting } from './schema.ts'

const MOST_SHOWN = 100
/** What is given to many tags most often. */
const usual = ['poll', 'deadband', 'history', 'unit']

interface BulkEditProps {
  /** Of tags, `device/tag`. */
  readonly ids: readonly string[]
  readonly schema: JsonSchema
  readonly onDone: () => void
}

/** Gives many tags the same settings, takes one from them, or removes them; what comes of it is shown first. */
export function BulkEdit({ ids, schema, onDone }: BulkEditProps) {
  const { t, n, orElse } = useLocale()
  const change = useChangeTags()
  const preview = usePreviewTags()
  const [values, setValues] = useState<Settings>({})
  const [namePrefix, setPrefix] = useState('')
  const [other, setOther] = useState<string | null>(null)
  const [seen, setSeen] = useState<TagsChange>()
  const { main, more } = fieldsOf(schema)
  const fields = [...main, ...more].filter(({ name }) => name !== 'key')
  const shown = fields.filter(({ name }) => usual.includes(name))
  const others = fields.filter(({ name }) => !usual.includes(name))
  const chosen = others.find(({ name }) => name === other)
  const look = (body: Omit<TagsChange, 'tags'>) => {
    const wanted = { tags: ids, ...body }
    setSeen(wanted)
    preview.mutate(wanted)
  }
  const put = (name: string, value: unknown) => setValues((before) => withSetting(before, name, value))
  const isEmpty = Object.keys(values).length === 0 && namePrefix === ''
  const found = seen ? preview.data?.preview : undefined
  const error = change.error ?? preview.error
  return (
    <Card withBorder bg="var(--mantine-color-default-hover)" component="section" aria-label={t('conf.bulk')}>
      <Stack gap="sm">
        <Text fw={600} size="sm" role="status">
          {n('conf.selected', ids.length)}
        </Text>
        {error ? <Trouble error={error} /> : null}
        {found && seen ? (
          <Seen
            found={found}
            isPending={change.isPending}
            isRemoval={seen.delete === true}
            onTake={() => change.mutate(seen, { onSuccess: onDone })}
            onBack={() => setSeen(undefined)}
          />
        ) : (
          <>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
              {shown.map((field) => (
                <Field
                  key={field.name}
                  field={{ ...field, required: false }}
                  path={field.name}
                  value={values[field.name]}
                  errors={new Map()}
                  onChange={(value) => put(field.name, value)}
                />
              ))}
              <TextInput
                label={t('bulk.namePrefix')}
                description={t('bulk.namePrefixHint')}
                value={namePrefix}
                maxLength={100}
                onChange={(event) => setPrefix(event.currentTarget.value)}
              />
              <Select
                label={t('conf.bulkSetting')}
                description={t('bulk.other')}
                data={others.map(({ name }) => ({ value: name, label: orElse(`field.${name}`, humanised(name)) }))}
                value={other}
                searchable
                onChange={(name) => {
                  if (other) put(other, undefined)
                  setOther(name)
                }}
              />
              {chosen ? (
                <Field
                  key={chosen.name}
                  field={{ ...chosen, required: false }}
                  path={chosen.name}
                  value={values[chosen.name]}
                  errors={new Map()}
                  onChange={(value) => put(chosen.name, value)}
                />
              ) : null}
            </SimpleGrid>
            <Group>
              <Button
                size="xs"
                disabled={isEmpty}
                loading={preview.isPending}
                onClick={() => look({ set: values, namePrefix })}
              >
                {t('bulk.preview')}
              </Button>
              <Button
                size="xs"
                variant="default"
                disabled={!chosen || chosen.required}
                loading={preview.isPending}
                onClick={() => chosen && look({ remove: [chosen.name] })}
              >
                {t('conf.bulkUnset')}
              </Button>
              <Button
                size="xs"
                color="red"
                variant="subtle"
                loading={preview.isPending}
                onClick={() => look({ delete: true })}
              >
                {t('conf.bulkRemove')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Card>
  )
}

interface SeenProps {
  readonly found: NonNullable<ChangedOrSeenAnswer['preview']>
  readonly isPending: boolean
  readonly isRemoval: boolean
  readonly onTake: () => void
  readonly onBack: () => void
}

/** What a change of many tags would do, in words. */
function Seen({ found, isPending, isRemoval, onTake, onBack }: SeenProps) {
  const { t, n } = useLocale()
  const { changes, count, problems } = found
  return (
    <>
      <Text size="sm" fw={600} role="status">
        {n('csv.changes', count)}
      </Text>
      <List size="sm" spacing={4} mah={320} style={{ overflowY: 'auto' }} tabIndex={0}>
        {changes.slice(0, MOST_SHOWN).map((words) => (
          <List.Item key={words} style={{ overflowWrap: 'anywhere' }}>
            {words}
          </List.Item>
        ))}
      </List>
      {count > MOST_SHOWN ? <Text size="sm">{t('conf.andMore', { count: count - MOST_SHOWN })}</Text> : null}
      {problems.length > 0 ? (
        <>
          <Text size="sm" fw={600}>
            {t('bulk.problems')}
          </Text>
          <Problems problems={problems} />
        </>
      ) : null}
      <Group>
        <Button
          size="xs"
          {...(isRemoval ? { color: 'red' } : {})}
          loading={isPending}
          disabled={count === 0}
          onClick={onTake}
        >
          {isRemoval ? t('conf.removeSure') : t('conf.bulkSet')}
        </Button>
        <Button size="xs" variant="default" onClick={onBack}>
          {t('bulk.forget')}
        </Button>
      </Group>
    </>
  )
}
