import { Fieldset, JsonInput, MultiSelect, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useLocale } from '../i18n/use-locale.tsx'
import { ListField } from './list-field.tsx'
import {
  type FieldOf,
  fieldsOf,
  givenSetting,
  helpOf,
  hintOf,
  humanised,
  type Settings,
  shownText,
  withSetting,
} from './schema.ts'

/** What is wrong with fields, by their places below the thing: `transform/scale`. */
export type FieldErrors = ReadonlyMap<string, string>

export interface FieldProps {
  readonly field: FieldOf
  /** Where it is below the thing: `transform/scale`. */
  readonly path: string
  readonly value: unknown
  readonly errors: FieldErrors
  readonly onChange: (value: unknown) => void
  /** It cannot be changed any more. */
  readonly fixed?: boolean
}

/** One setting: what it means, what holds without it, and what is wrong with it. */
export function Field(props: FieldProps) {
  const { field, path, value, errors, onChange, fixed = false } = props
  const { t, orElse } = useLocale()
  const { name, schema, kind, required } = field
  const [typed, setTyped] = useState<string>()
  const label = orElse(`field.${name}`, humanised(name))
  const { preset, example } = hintOf(schema)
  const placeholder = preset ?? (example === undefined ? undefined : t('conf.example', { example }))
  const error = errors.get(path)
  const common = {
    label,
    description: helpOf(schema),
    error,
    required,
    withAsterisk: required,
    disabled: fixed,
  } as const
  const text = shownText(value, kind)
  const give = (given: string) => onChange(givenSetting(given, field))
  if (kind === 'group') return <GroupField {...props} label={label} />
  if (kind === 'list') {
    return <ListField {...props} label={label} render={(each) => <Field key={each.path} {...each} />} />
  }
  if (kind === 'choices') {
    return (
      <MultiSelect
        {...common}
        data={(schema.items?.enum ?? []).map(String)}
        value={Array.isArray(value) ? value.map(String) : []}
        placeholder={value === undefined && Array.isArray(schema.default) ? schema.default.join(', ') : ''}
        onChange={(given) => onChange(given.length === 0 ? undefined : given)}
        clearable
        clearButtonProps={{ 'aria-label': t('conf.clear', { name: label }) }}
      />
    )
  }
  if (kind === 'flag' && schema.default === false) {
    return (
      <Switch
        label={label}
        description={helpOf(schema)}
        error={error}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked ? true : undefined)}
      />
    )
  }
  if (kind === 'choice' || kind === 'flag') {
    const data =
      kind === 'flag'
        ? [
            { value: 'true', label: t('value.true') },
            { value: 'false', label: t('value.false') },
          ]
        : (schema.enum ?? []).map(String)
    return (
      <Select
        {...common}
        data={data}
        value={text === '' ? null : text}
        placeholder={placeholder}
        onChange={(given) => give(given ?? '')}
        clearable={!required}
        searchable={data.length > 8}
        clearButtonProps={{ 'aria-label': t('conf.clear', { name: label }) }}
      />
    )
  }
  if (kind === 'lines') {
    return (
      <Textarea
        {...common}
        description={`${helpOf(schema)} ${t('conf.lines')}`}
        autosize
        minRows={2}
        value={text}
        placeholder={schema.items?.example}
        onBlur={() => give(text)}
        onChange={(event) =>
          onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value.split('\n'))
        }
      />
    )
  }
  if (kind === 'json') return <JsonField {...props} label={label} />
  // 1.0 stays as it is typed, since it may become 1.05, though the value is 1.
  const isTyped = typed !== undefined && givenSetting(typed, field) === value
  return (
    <TextInput
      {...common}
      value={isTyped ? typed : text}
      placeholder={placeholder}
      inputMode={kind === 'number' ? 'decimal' : 'text'}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        give(event.currentTarget.value)
      }}
    />
  )
}

interface LabelledProps extends FieldProps {
  readonly label: string
}

/** Settings that belong together. */
function GroupField({ field, path, value, errors, onChange, label }: LabelledProps) {
  const settings = (typeof value === 'object' && value !== null ? value : {}) as Settings
  const { main, more } = fieldsOf(field.schema)
  return (
    <Fieldset legend={label} variant="default" p="sm">
      <Stack gap="sm">
        {[...main, ...more].map((each) => (
          <Field
            key={each.name}
            // A group that is left out whole needs nothing.
            field={{ ...each, required: each.required && Object.keys(settings).length > 0 }}
            path={`${path}/${each.name}`}
            value={settings[each.name]}
            errors={errors}
            onChange={(given) => onChange(withSetting(settings, each.name, given))}
          />
        ))}
      </Stack>
    </Fieldset>
  )
}

/** What no form has fields for, as JSON. */
function JsonField({ field, path, value, errors, onChange, label }: LabelledProps) {
  const { t } = useLocale()
  const [text, setText] = useState(() => shownText(value, 'json'))
  const [isBroken, setBroken] = useState(false)
  return (
    <JsonInput
      label={label}
      description={`${helpOf(field.schema)} ${t('conf.json')}`}
      placeholder={field.schema.example}
      autosize
      minRows={2}
      value={text}
      error={isBroken ? t('conf.jsonBroken') : errors.get(path)}
      onChange={(given) => {
        setText(given)
        try {
          onChange(givenSetting(given, field))
          setBroken(false)
        } catch {
          setBroken(true)
        }
      }}
    />
  )
}
