import { Badge } from '@mantine/core'
import type { CommandAnswered } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'

const colours: Readonly<Record<CommandAnswered['state'], string>> = {
  queued: 'gray',
  sending: 'blue',
  sent: 'blue',
  transmitted: 'blue',
  confirmed: 'green',
  refused: 'red',
  failed: 'red',
  expired: 'orange',
  cancelled: 'gray',
  lost: 'orange',
  uncertain: 'orange',
}

/** How far a command came, in words. */
export function CommandState({ state }: { readonly state: CommandAnswered['state'] }) {
  const { t } = useLocale()
  return (
    <Badge color={colours[state]} variant="light" radius="sm" tt="none" fw={600} autoContrast miw="max-content">
      {t(`command.${state}`)}
    </Badge>
  )
}
