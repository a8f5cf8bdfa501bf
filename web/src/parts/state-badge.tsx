import { Badge } from '@mantine/core'
import { useLocale } from '../i18n/use-locale.tsx'
import { type DeviceState, type SourceState, stateColours } from './states.ts'

/** The state of a source or a device, in words. */
export function StateBadge({ state }: { readonly state: SourceState | DeviceState }) {
  const { t } = useLocale()
  return (
    <Badge
      color={stateColours[state]}
      variant="light"
      radius="sm"
      size="md"
      tt="none"
      fw={600}
      autoContrast
      miw="max-content"
    >
      {t(`state.${state}`)}
    </Badge>
  )
}
