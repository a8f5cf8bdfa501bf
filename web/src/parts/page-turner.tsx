import { Button, Group } from '@mantine/core'
import { useLocale } from '../i18n/use-locale.tsx'

interface PageTurnerProps<Position> {
  /** Before what the page that is shown ends; undefined: it is the newest. */
  readonly before: Position | undefined
  /** Before what the next page ends; undefined: there is none. */
  readonly next: Position | undefined
  readonly onTurn: (to: Position | undefined) => void
}

/** Leads through a list of which the newest comes first. */
export function PageTurner<Position>({ before, next, onTurn }: PageTurnerProps<Position>) {
  const { t } = useLocale()
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" disabled={before === undefined} onClick={() => onTurn(undefined)}>
        {t('audit.newest')}
      </Button>
      <Button size="xs" variant="default" disabled={next === undefined} onClick={() => onTurn(next)}>
        {t('audit.older')}
      </Button>
    </Group>
  )
}
