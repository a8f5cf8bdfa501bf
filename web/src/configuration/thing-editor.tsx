import { Alert, Anchor, Breadcrumbs, Button, Card, Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { keyFor } from '../../../src/config/key-for.ts'
import {
  useAddThing,
  useConfigurationSchema,
  useDraft,
  useRemoveThing,
  useReplaceThing,
  useSetting,
} from '../api/configuration.ts'
import { RequestFailed } from '../api/request.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSources } from '../live/use-live.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { TestConnection } from '../setup/test-connection.tsx'
import { CommandsEditor } from './commands-editor.tsx'
import type { FieldErrors } from './field.tsx'
import { useKeptForm } from './kept-form.ts'
import { addressOf, type Place, placeOf } from './place.ts'
import { errorsAt } from './problems.tsx'
import { ReadFromDevice } from './read-from-device.tsx'
import { type JsonSchema, type Settings, schemaOfThing } from './schema.ts'
import { SchemaForm } from './schema-form.tsx'
import { TagsEditor } from './tags-editor.tsx'

interface PlaceProps {
  readonly place: Place
  /** Of the source that it belongs to. */
  readonly kind: string
}

/** A source, device, tag or template of the draft: its settings, and what is in it. */
export function ThingEditor({ place, kind }: PlaceProps) {
  const { t } = useLocale()
  const { data: schema, error: noSchema } = useConfigurationSchema()
  const { data: setting, error } = useSetting(place.at)
  const own = schema && schemaOfThing(schema, place.at, kind)
  if (error ?? noSchema) return <Trouble error={error ?? noSchema} />
  if (!setting || !own || !schema) return <Skeleton h={300} />
  if (typeof setting.value !== 'object' || setting.value === null)
    return <Empty text={t('conf.gone', { at: place.at })} />
  const written = setting.value as Settings
  return (
    <Stack gap="md">
      <Crumbs place={place} />
      <PageTitle title={String(written.name ?? written.key ?? place.at)}>
        <LiveState place={place} />
      </PageTitle>
      <ThingForm key={place.at} place={place} written={written} schema={own} kind={kind} />
      {place.what === 'source' ? <Add list={`${place.at}/devices`} text={t('conf.addDevice')} /> : null}
      {place.what === 'device' || place.what === 'template' ? (
        <Add list={`${place.at}/tags`} text={t('conf.addTag')} />
      ) : null}
      {place.what === 'tag' || place.what === 'command' ? null : (
        <TagsEditor place={place} written={written} tagSchema={schemaOfThing(schema, tagsPlaceOf(place), kind)} />
      )}
      {hasCommands(place, schema, kind) ? <CommandsEditor place={place} written={written} /> : null}
    </Stack>
  )
}

/** Calculated devices have none. */
const hasCommands = ({ at, what }: Place, schema: JsonSchema, kind: string): boolean =>
  (what === 'device' || what === 'template') && schemaOfThing(schema, at, kind)?.properties?.commands !== undefined

const tagsPlaceOf = ({ at, what }: Place): string => (what === 'source' ? `${at}/devices/x/tags/x` : `${at}/tags/x`)

/** Where somebody adds a thing to a list. */
export function ThingAdder({ place, kind, list }: PlaceProps & { readonly list: string }) {
  const { t } = useLocale()
  const { data: schema, error } = useConfigurationSchema()
  const own = schema && schemaOfThing(schema, `${list}/new`, kind)
  const added = placeOf(`${list}/new`)
  if (error) return <Trouble error={error} />
  if (!own) return <Skeleton h={300} />
  return (
    <Stack gap="md">
      <Crumbs place={added} />
      <PageTitle title={t(`conf.new.${added.what}`)} />
      <NewThingForm key={`${list} ${kind}`} place={place} list={list} schema={own} kind={kind} />
    </Stack>
  )
}

function Crumbs({ place }: { readonly place: Place }) {
  const { t } = useLocale()
  return (
    <Breadcrumbs>
      <Anchor component={Link} href="/configuration" size="sm">
        {t('conf.plant')}
      </Anchor>
      {place.above.map(({ at, key }) => (
        <Anchor key={at} component={Link} href={addressOf(at)} size="sm">
          {key}
        </Anchor>
      ))}
    </Breadcrumbs>
  )
}

/** How the thing fares as it runs now, which need not be what the draft says. */
function LiveState({ place }: { readonly place: Place }) {
  const sources = useLiveSources()
  const key = place.at.split('/').at(-1)
  const found =
    place.what === 'source'
      ? sources?.find((source) => source.key === key)
      : sources?.flatMap(({ devices }) => devices).find((device) => place.what === 'device' && device.key === key)
  if (!found) return null
  return (
    <Group gap="xs">
      {found.reason ? (
        <Text size="sm" className="quiet">
          {found.reason}
        </Text>
      ) : null}
      <StateBadge state={found.state} />
    </Group>
  )
}

const Add = ({ list, text }: { readonly list: string; readonly text: string }) => (
  <Group>
    <Button
      component={Link}
      href={`${addressOf(list)}&add=1`}
      variant="light"
      size="sm"
      leftSection={<IconPlus size={16} />}
    >
      {text}
    </Button>
  </Group>
)

interface FormProps extends PlaceProps {
  readonly written: Settings
  readonly schema: JsonSchema
}

function ThingForm({ place, written, schema, kind }: FormProps) {
  const { t } = useLocale()
  const [, navigate] = useLocation()
  const { data } = useDraft()
  const replace = useReplaceThing()
  const above = place.above.at(-1)
  const remove = useRemoveThing(() => navigate(above ? addressOf(above.at) : '/configuration'))
  const [isSure, setSure] = useState(false)
  const form = useKeptForm(place.at, withoutLists(written))
  const errors = errorsAt(place.at, data?.draft)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    replace.mutate({ at: place.at, value: form.value }, { onSuccess: form.forget })
  }
  return (
    <Card withBorder component="section" aria-label={t('conf.settings')}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <SchemaForm schema={schema} value={form.value} errors={errors} onChange={form.change} hasKey />
          {place.what === 'tag' ? (
            <ReadFromDevice place={place} kind={kind} tag={form.value} onChange={form.change} />
          ) : null}
          {place.what === 'source' && kind !== 'calculated' ? (
            <TestConnection source={{ ...written, ...form.value, kind }} />
          ) : null}
          <Refused error={replace.error ?? remove.error} />
          <Group justify="space-between">
            <Group gap="xs">
              <Button type="submit" loading={replace.isPending} disabled={!form.isTouched}>
                {t('conf.save')}
              </Button>
              {form.isTouched ? (
                <Button variant="default" onClick={form.forget}>
                  {t('conf.undo')}
                </Button>
              ) : null}
              {replace.isSuccess && !form.isTouched ? (
                <Text size="sm" role="status">
                  {errors.size > 0 ? t('conf.savedWrong') : t('conf.saved')}
                </Text>
              ) : null}
            </Group>
            <Button
              color="red"
              variant={isSure ? 'filled' : 'subtle'}
              leftSection={<IconTrash size={16} />}
              loading={remove.isPending}
              onClick={() => {
                if (!isSure) setSure(true)
                else remove.mutate(place.at)
              }}
            >
              {isSure ? t('conf.removeSure') : t('conf.remove')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  )
}

function NewThingForm({
  place,
  list,
  schema,
  kind,
}: PlaceProps & { readonly list: string; readonly schema: JsonSchema }) {
  const { t } = useLocale()
  const [, navigate] = useLocation()
  const add = useAddThing()
  const added = placeOf(`${list}/new`)
  const form = useKeptForm(`${list}+${kind}`, {})
  const change = (given: Settings) => form.change(withKey(given, form.value))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = added.what === 'source' ? { ...form.value, kind } : form.value
    add.mutate(
      { list, value },
      {
        onSuccess: () => {
          form.forget()
          navigate(
            addressOf(added.what === 'tag' || added.what === 'command' ? place.at : `${list}/${String(value.key)}`),
          )
        },
      },
    )
  }
  return (
    <Card withBorder component="section" aria-label={t('conf.settings')}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <SchemaForm
            schema={schema}
            value={form.value}
            errors={fieldErrorsOf(add.error)}
            onChange={change}
            hasKey={false}
          />
          {added.what === 'tag' ? (
            <ReadFromDevice place={place} kind={kind} tag={form.value} onChange={change} />
          ) : null}
          {added.what === 'source' && kind !== 'calculated' ? (
            <TestConnection source={{ ...form.value, kind }} />
          ) : null}
          <Refused error={add.error} />
          <Group>
            <Button type="submit" loading={add.isPending}>
              {t('conf.add')}
            </Button>
            <Button
              component={Link}
              href={place.at === '' ? '/configuration' : addressOf(place.at)}
              variant="default"
              onClick={form.forget}
            >
              {t('conf.cancel')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  )
}

/** Whoever is not logged in any more sees the page that asks who he is. */
export function Refused({ error }: { readonly error: Error | null }) {
  const { t } = useLocale()
  if (!error) return null
  if (error instanceof RequestFailed && error.problem.status === 401)
    return <Alert color="orange">{t('conf.loginAgain')}</Alert>
  return <Trouble error={error} />
}

/** What a request says of the fields of its body. */
export const fieldErrorsOf = (error: Error | null): FieldErrors =>
  new Map(error instanceof RequestFailed ? error.problem.errors?.map(({ field, message }) => [field, message]) : [])

/** As long as nobody wrote a key, it follows the name. */
export function withKey(given: Settings, before: Settings): Settings {
  const follows = before.key === undefined || before.key === keyFor(before.name)
  const key = keyFor(given.name)
  return follows && given.key === before.key && given.name !== before.name && key !== undefined
    ? { ...given, key }
    : given
}

function withoutLists({ devices: _devices, tags: _tags, commands: _commands, ...settings }: Settings): Settings {
  return settings
}
