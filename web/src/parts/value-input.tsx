import { NumberInput, Select, TextInput } from '@mantine/core'
import type { TagAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'

export type Wanted = Pick<TagAnswer, 'name' | 'description' | 'type' | 'unit' | 'range' | 'states'>

interface ValueInputProps {
  readonly wanted: Wanted
  /** As it was typed or chosen; empty: nothing. */
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Where somebody gives a value of a type, within its range and out of its states. */
export function ValueInput({ wanted, value, onChange }: ValueInputProps) {
  const { t } = useLocale()
  const { name, description, type, unit, range, states } = wanted
  const label = unit ? `${name} (${unit})` : name
  const hint = [description, range ? `${range.low} … ${range.high}` : undefined].filter((each) => each).join(' ')
  if (states || type === 'Boolean') {
    const data = states?.map((state) => ({ value: String(state.value), label: state.name })) ?? [
      { value: '1', label: t('value.true') },
      { value: '0', label: t('value.false') },
    ]
    const chosen = value === '' ? null : value
    return (
      <Select
        label={label}
        description={hint}
        data={data}
        value={chosen}
        onChange={(given) => onChange(given ?? '')}
        required
      />
    )
  }
  if (isNumber(type)) {
    return (
      <NumberInput
        label={label}
        description={hint}
        value={value}
        onChange={(given) => onChange(String(given))}
        {...(range ? { min: range.low, max: range.high } : {})}
        allowDecimal={type === 'Float' || type === 'Double'}
        clampBehavior="none"
        required
      />
    )
  }
  return (
    <TextInput
      label={label}
      description={hint}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      required
    />
  )
}

const isNumber = (type: Wanted['type']): boolean => /^(?:S?Byte|U?Int(?:16|32)|Float|Double)$/.test(type)

/** What was given as the API takes it: 64-bit integers stay text, so that no digit is lost. */
export function givenValue({ type }: Wanted, text: string): unknown {
  if (type === 'Boolean') return text === '1'
  return isNumber(type) ? Number(text) : text
}
