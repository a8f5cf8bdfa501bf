import type { TagAnswer, TagValueAnswer } from '../api/types.ts'
import type { Locale } from '../i18n/locale.ts'
import { useLocale } from '../i18n/use-locale.tsx'

type Shown = Pick<TagAnswer, 'type' | 'unit' | 'states'>

/** Digits that a type is good for; more would only show how it is stored. */
const digitsOf = (type: TagAnswer['type']): number => (type === 'Float' ? 6 : 10)

/** A value as people read it, without its unit. */
export function valueInWords(value: TagValueAnswer['value'], { type, states }: Shown, locale: Locale): string {
  if (value === null) return locale.t('value.none')
  if (typeof value === 'object') return value.map((each) => valueInWords(each, { type }, locale)).join('; ')
  const state = states?.find((each) => each.value === Number(value))
  if (state) return state.name
  if (typeof value === 'boolean') return locale.t(value ? 'value.true' : 'value.false')
  if (typeof value === 'number') return locale.measured(value, digitsOf(type))
  if (type === 'Int64' || type === 'UInt64') return BigInt(value).toLocaleString(locale.region)
  if (type === 'DateTime') return locale.time(Date.parse(value))
  return value
}

export function ValueText({ value, tag }: { readonly value: TagValueAnswer | undefined; readonly tag: Shown }) {
  const locale = useLocale()
  if (!value || value.value === null) return <span className="quiet">–</span>
  const words = valueInWords(value.value, tag, locale)
  return (
    <span title={`${words} ${tag.unit ?? ''}`} className="numeric">
      <b>{words}</b>
      {tag.unit ? <span className="quiet"> {tag.unit}</span> : null}
    </span>
  )
}
