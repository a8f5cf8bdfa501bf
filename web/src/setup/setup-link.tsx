import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { useMay, usePlant } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'

/** The way out of an empty plant, for whoever may take it. */
export function SetupLink() {
  const { t } = useLocale()
  const { data: plant } = usePlant()
  const may = useMay('configure')
  if (!may || !plant || plant.sources.length > 0) return null
  return (
    <Button component={Link} href="/setup">
      {t('setup.begin')}
    </Button>
  )
}
