import { Button, Checkbox, Fieldset, Group, PasswordInput, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useAddThing } from '../api/configuration.ts'
import { request } from '../api/request.ts'
import { useKeepSecret } from '../api/setup.ts'
import type { SecretPlacesAnswer, TestReportAnswer } from '../api/types.ts'
import { useKeptForm } from '../configuration/kept-form.ts'
import type { JsonSchema, Settings } from '../configuration/schema.ts'
import { SchemaForm } from '../configuration/schema-form.tsx'
import { fieldErrorsOf, Refused, withKey } from '../configuration/thing-editor.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { Age } from '../parts/age.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { TestConnection } from './test-connection.tsx'

type Found = NonNullable<TestReportAnswer['found']>

const MOST_SHOWN = 50

interface ChirpStackFormProps {
  readonly schema: JsonSchema
  readonly onDone: () => void
}

/** A tenant of a ChirpStack: where it is, its key, and which of its applications are served. */
export function ChirpStackForm({ schema, onDone }: ChirpStackFormProps) {
  const { t } = useLocale()
  const form = useKeptForm('setup+chirpstack', {})
  // What is typed here outlasts no reload: nothing of it stays in the browser.
  const [apiKey, setApiKey] = useState('')
  const [found, setFound] = useState<Found>()
  const { applications, propose = false, ...source } = form.value
  const chosen = Array.isArray(applications) ? applications.map(String) : undefined
  const value: Settings = { ...source, kind: 'chirpstack', rules: rulesOf(chosen, propose === true) }
  const add = useAddWithKey()
  const tenants = found?.tenants ?? []
  const errors = fieldErrorsOf(add.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(
      { value, apiKey },
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
          errors={errors}
          onChange={(changed) => form.change({ applications, propose, ...withKey(changed, source) })}
          hasKey={false}
        />
        <PasswordInput
          label={t('setup.apiKey')}
          description={t('setup.apiKeyHint')}
          value={apiKey}
          autoComplete="off"
          onChange={(event) => setApiKey(event.currentTarget.value)}
        />
        {tenants.length > 0 ? (
          <Select
            label={t('setup.tenant')}
            description={t('setup.tenantChoose')}
            data={tenants.map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))}
            value={typeof source.tenantId === 'string' ? source.tenantId : null}
            onChange={(tenantId) => form.change({ ...form.value, tenantId: tenantId ?? undefined })}
            searchable
          />
        ) : (
          <TextInput
            label={t('setup.tenant')}
            description={t('setup.tenantHint')}
            value={typeof source.tenantId === 'string' ? source.tenantId : ''}
            error={errors.get('tenantId')}
            onChange={(event) =>
              form.change({ ...form.value, tenantId: event.currentTarget.value.trim() || undefined })
            }
          />
        )}
        <TestConnection source={value} apiKey={apiKey} onDone={(report) => setFound(report.found)} />
        {found && found.applications.length > 0 ? (
          <Applications
            found={found}
            chosen={chosen}
            propose={propose === true}
            onChange={(changes) => form.change({ ...form.value, ...changes })}
          />
        ) : null}
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

/** None chosen: every application, also those that come later. */
const rulesOf = (chosen: readonly string[] | undefined, propose: boolean): readonly Settings[] => {
  const what = { template: 'auto', ...(propose ? { accept: 'propose' } : {}) }
  return chosen ? chosen.map((application) => ({ application, ...what })) : [{ application: '*', ...what }]
}

/** The source first: only a variable that the draft names has a key. */
function useAddWithKey() {
  const add = useAddThing()
  const keep = useKeepSecret()
  return useMutation({
    mutationFn: async ({ value, apiKey }: { readonly value: Settings; readonly apiKey: string }) => {
      await add.mutateAsync({ list: 'sources', value })
      if (apiKey.trim() === '') return
      const { secrets } = await request<SecretPlacesAnswer>('/configuration/secrets')
      const place = secrets.find(({ source }) => source === value.key)
      if (place && (place.from === 'missing' || place.from === 'kept'))
        await keep.mutateAsync({ variable: place.variable, value: apiKey })
    },
  })
}

interface ApplicationsProps {
  readonly found: Found
  readonly chosen: readonly string[] | undefined
  readonly propose: boolean
  readonly onChange: (changes: Settings) => void
}

/** Which devices are served, before any is. */
function Applications({ found, chosen, propose, onChange }: ApplicationsProps) {
  const { t, n } = useLocale()
  const { applications, devices } = found
  const isServed = (application: string) => chosen?.includes(application) ?? true
  const served = devices.filter(({ application }) => isServed(application))
  // Of a tenant with many devices only the first are listed.
  const count = applications.reduce((sum, each) => (isServed(each.name) ? sum + each.devices : sum), 0)
  return (
    <Fieldset legend={t('setup.applications')} p="sm">
      <Stack gap="sm">
        <Checkbox
          label={t('setup.allApplications')}
          checked={chosen === undefined}
          onChange={(event) =>
            onChange({ applications: event.currentTarget.checked ? undefined : applications.map(({ name }) => name) })
          }
        />
        {chosen ? (
          <Checkbox.Group
            label={t('setup.someApplications')}
            value={[...chosen]}
            onChange={(names) => onChange({ applications: names })}
          >
            <Stack gap={6} mt={4}>
              {applications.map(({ name, devices: has }) => (
                <Checkbox key={name} value={name} label={`${name} (${n('overview.deviceCount', has)})`} />
              ))}
            </Stack>
          </Checkbox.Group>
        ) : null}
        <Checkbox
          label={t('setup.propose')}
          description={t('setup.proposeHint')}
          checked={propose}
          onChange={(event) => onChange({ propose: event.currentTarget.checked || undefined })}
        />
        <Text size="sm" fw={600}>
          {n('setup.served', count)}
        </Text>
        {served.length > 0 ? (
          <WideTable
            minWidth={520}
            maxHeight={260}
            caption={t('setup.devices')}
            head={[t('overview.device'), 'DevEUI', t('setup.application'), t('setup.profile'), t('setup.lastSeen')]}
          >
            {served.slice(0, MOST_SHOWN).map(({ devEui, name, application, profile, lastSeenAt }) => (
              <Table.Tr key={devEui}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{name}</Table.Td>
                <Table.Td>{devEui}</Table.Td>
                <Table.Td>{application}</Table.Td>
                <Table.Td>{profile}</Table.Td>
                <Table.Td>
                  <Age at={lastSeenAt ?? null} />
                </Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        ) : null}
      </Stack>
    </Fieldset>
  )
}
