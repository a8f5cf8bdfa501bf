import { useLocale } from '../i18n/use-locale.tsx'
import { useNow } from '../live/use-live.tsx'

/** How long ago something was; the exact time on pointing. */
export function Age({ at }: { readonly at: number | null | undefined }) {
  const now = useNow()
  const locale = useLocale()
  if (at === null || at === undefined) return <span className="quiet">{locale.t('age.never')}</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={locale.time(at)} className="numeric">
      {locale.ago(at, now)}
    </time>
  )
}
