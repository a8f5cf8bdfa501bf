import { Accordion, SimpleGrid } from '@mantine/core'
import { useLocale } from '../i18n/use-locale.tsx'
import { Field, type FieldErrors } from './field.tsx'
import { type FieldOf, fieldsOf, isMeant, type JsonSchema, type Settings, withSetting } from './schema.ts'

interface SchemaFormProps {
  readonly schema: JsonSchema
  readonly value: Settings
  readonly errors: FieldErrors
  readonly onChange: (value: Settings) => void
  /** Its key stands in NodeIds, and cannot be changed. */
  readonly hasKey: boolean
}

function meantOf(schema: JsonSchema, value: Settings): ReturnType<typeof fieldsOf> {
  const { main, more } = fieldsOf(schema)
  const kind = schema.properties?.kind?.const
  const isShown = ({ name }: FieldOf) => isMeant(name, { kind, ...value })
  return { main: main.filter(isShown), more: more.filter(isShown) }
}

/** A form for whatever the schema describes: what people look for first, and below it everything else. */
export function SchemaForm({ schema, value, errors, onChange, hasKey }: SchemaFormProps) {
  const { t } = useLocale()
  const { main, more } = meantOf(schema, value)
  const isWrong = more.some(({ name }) =>
    [...errors.keys()].some((path) => path === name || path.startsWith(`${name}/`)),
  )
  const shown = (field: FieldOf) => (
    <Field
      key={field.name}
      field={field}
      path={field.name}
      value={value[field.name]}
      errors={errors}
      onChange={(given) => onChange(withSetting(value, field.name, given))}
      fixed={hasKey && field.name === 'key'}
    />
  )
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
        {main.map(shown)}
      </SimpleGrid>
      {more.length > 0 ? (
        <Accordion defaultValue={isWrong ? 'more' : null} variant="contained" mt="md" keepMounted={false}>
          <Accordion.Item value="more">
            <Accordion.Control>{t('conf.more', { count: more.length })}</Accordion.Control>
            <Accordion.Panel>
              <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
                {more.map(shown)}
              </SimpleGrid>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      ) : null}
    </>
  )
}
