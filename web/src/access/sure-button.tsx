import { Button } from '@mantine/core'
import { useState } from 'react'
import { useLocale } from '../i18n/use-locale.tsx'

interface SureButtonProps {
  readonly text: string
  /** What it does to which thing, for who does not see the row that it stands in. */
  readonly label: string
  readonly onSure: () => void
}

/** Does what cannot be undone when it is pressed a second time; whoever leaves it thinks again. */
export function SureButton({ text, label, onSure }: SureButtonProps) {
  const { t } = useLocale()
  const [asked, setAsked] = useState(false)
  const press = () => {
    setAsked(!asked)
    if (asked) onSure()
  }
  return (
    <Button
      size="compact-xs"
      variant={asked ? 'filled' : 'default'}
      {...(asked ? { color: 'red.9' } : {})}
      onClick={press}
      onBlur={() => setAsked(false)}
      aria-label={asked ? `${label}: ${t('access.really')}` : label}
    >
      {asked ? t('access.really') : text}
    </Button>
  )
}
