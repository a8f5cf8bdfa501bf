import { Button, Fieldset, Group, NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core'
import type { FormEvent } from 'react'
import { keyFor } from '../../../src/config/key-for.ts'
import { useAddThing } from '../api/configuration.ts'
import { useKeptForm } from '../configuration/kept-form.ts'
import type { JsonSchema, Settings } from '../configuration/schema.ts'
import { SchemaForm } from '../configuration/schema-form.tsx'
import { fieldErrorsOf, Refused, withKey } from '../configuration/thing-editor.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { TestConnection } from './test-connection.tsx'

interface FieldFormProps {
  readonly kind: 'modbus' | 's7'
  readonly schema: JsonSchema
  readonly onDone: () => void
}

/** A Modbus endpoint or an S7 CPU, with its first device. */
export function FieldForm({ kind, schema, onDone }: FieldFormProps) {
  const { t } = useLocale()
  const add = useAddThing()
  const form = useKeptForm(`setup+${kind}`, {})
  const { device: given, ...source } = form.value
  const device = (given ?? {}) as Settings
  const changeDevice = (changes: Settings) => form.change({ ...form.value, device: { ...device, ...changes } })
  const named = typeof device.name === 'string' && device.name !== '' ? device.name : t('setup.deviceName')
  const first = {
    key: keyFor(named) ?? 'device',
    name: named,
    ...(kind === 'modbus' ? { unitId: device.unitId ?? 1 } : {}),
  }
  const value = { ...source, kind, devices: [first] }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(
      { list: 'sources', value },
      {
        onSuccess: () => {
          form.forget()
          onDone()
        },
      },
    )
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <SchemaForm
          schema={schema}
          value={source}
          errors={fieldErrorsOf(add.error)}
          onChange={(changed) => form.change({ ...withKey(changed, source), device })}
          hasKey={false}
        />
        <Fieldset legend={t('setup.device')} p="sm">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={t('setup.deviceNamed')}
              placeholder={t('setup.deviceName')}
              value={typeof device.name === 'string' ? device.name : ''}
              onChange={(event) => changeDevice({ name: event.currentTarget.value })}
            />
            {kind === 'modbus' ? (
              <NumberInput
                label={t('setup.unitId')}
                description={t('setup.unitIdHint')}
                min={0}
                max={255}
                value={Number(device.unitId ?? 1)}
                onChange={(unitId) => changeDevice({ unitId: Number(unitId) })}
              />
            ) : null}
          </SimpleGrid>
        </Fieldset>
        <TestConnection source={value} />
        <Refused error={add.error} />
        <Group>
          <Button type="submit" loading={add.isPending}>
            {t('setup.addToDraft')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
