import { Alert, Button, Fieldset, Group, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconRefresh } from '@tabler/icons-react'
import type { FormEvent } from 'react'
import { keyFor } from '../../../src/config/key-for.ts'
import { useAddThing, useConfigurationSchema } from '../api/configuration.ts'
import { useConnectionTest } from '../api/setup.ts'
import { useKeptForm } from '../configuration/kept-form.ts'
import { type Settings, schemaOfThing, withSetting } from '../configuration/schema.ts'
import { fieldErrorsOf, Refused } from '../configuration/thing-editor.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { TestReport } from './test-report.tsx'

/** Of several registers, which come in orders of their own with many devices. */
const wide = ['Int32', 'UInt32', 'Float', 'Int64', 'UInt64', 'Double']
const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA']

interface TagFormProps {
  /** Of the device. */
  readonly at: string
  readonly kind: string
  readonly source: Settings
  readonly device: Settings
}

/** One value of a field device: what it is called, where it is, and what the device says of it before it is kept. */
export function TagForm({ at, kind, source, device }: TagFormProps) {
  const { t } = useLocale()
  const { data: schema } = useConfigurationSchema()
  const add = useAddThing()
  const read = useConnectionTest()
  const form = useKeptForm(`setup+${at}/tags`, {})
  const tag = form.value
  const errors = fieldErrorsOf(add.error)
  const own = schema && schemaOfThing(schema, `${at}/tags/new`, kind)
  const types = own?.properties?.type?.enum?.map(String) ?? []
  const change = (name: string, value: string | null) =>
    form.change(withSetting(tag, name, value === '' || value === null ? undefined : value))
  const text = (name: string): string => (typeof tag[name] === 'string' ? tag[name] : '')
  const whole = { ...tag, key: keyFor(tag.name) ?? 'tag' }
  const isWide = kind === 'modbus' && wide.includes(text('type'))
  const readOnce = () => {
    const { tags: _tags, ...settings } = device
    read.mutate({ source: { ...source, kind, devices: [{ ...settings, tags: [whole] }] } })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(
      { list: `${at}/tags`, value: whole },
      {
        onSuccess: () => {
          form.forget()
          read.reset()
        },
      },
    )
  }
  return (
    <form onSubmit={submit} noValidate>
      <Fieldset legend={t('setup.newTag')} p="sm">
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, sm: 2, md: isWide ? 4 : 3 }}>
            <TextInput
              label={t('setup.tagName')}
              value={text('name')}
              error={errors.get('name') ?? errors.get('key')}
              onChange={(event) => change('name', event.currentTarget.value)}
            />
            <Select
              label={t('setup.tagType')}
              data={types}
              value={text('type') || null}
              error={errors.get('type')}
              onChange={(value) => change('type', value)}
              searchable
            />
            <TextInput
              label={t('setup.tagAddress')}
              placeholder={kind === 's7' ? 'DB1,REAL4' : 'holding:0'}
              value={text('address')}
              error={errors.get('address')}
              onChange={(event) => change('address', event.currentTarget.value)}
            />
            {isWide ? (
              <Select
                label={t('setup.tagOrder')}
                data={orders}
                value={text('order') || null}
                placeholder="ABCD"
                onChange={(value) => change('order', value)}
                clearable
              />
            ) : null}
          </SimpleGrid>
          <Text size="sm" className="quiet">
            {t(kind === 's7' ? 'setup.addressOfS7' : isWide ? 'setup.addressOrder' : 'setup.addressOfModbus')}
          </Text>
          {read.error ? <Trouble error={read.error} /> : null}
          {read.data?.reading && read.data.ok ? (
            <Alert color="green" p="xs" role="status">
              {t('setup.reads', {
                value: JSON.stringify(read.data.reading.value),
                ms: Math.round(read.data.reading.ms),
              })}
            </Alert>
          ) : read.data ? (
            <TestReport report={read.data} />
          ) : null}
          <Refused error={add.error} />
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} />}
              loading={read.isPending}
              disabled={text('address') === ''}
              onClick={readOnce}
            >
              {t('tag.readNow')}
            </Button>
            <Button
              type="submit"
              leftSection={<IconPlus size={16} />}
              loading={add.isPending}
              disabled={text('name') === ''}
            >
              {t('setup.addTag')}
            </Button>
          </Group>
        </Stack>
      </Fieldset>
    </form>
  )
}
