import { Alert, Badge } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveState, useLiveStore } from '../live/use-live.tsx'

const colours = { connecting: 'gray', live: 'green', lost: 'red', silent: 'orange' } as const

/** Whether what the pages show is as of now. */
export function ConnectionBadge() {
  const { t } = useLocale()
  const state = useLiveState()
  return (
    <Badge color={colours[state]} variant="dot" tt="none" radius="sm" role="status" style={{ flexShrink: 0 }}>
      {t(`live.${state}`)}
    </Badge>
  )
}

/** Says that what the pages show is not as of now, for as long as that is so. */
export function ConnectionBanner() {
  const { t, timeOfDay } = useLocale()
  const { lastHeardAt } = useLiveStore()
  const state = useLiveState()
  if (state === 'live' || state === 'connecting') return null
  const lost = lastHeardAt === 0 ? t('live.neverBanner') : t('live.lostBanner', { time: timeOfDay(lastHeardAt) })
  return (
    <Alert color={colours[state]} icon={<IconPlugConnectedX />} mb="md" role="alert">
      {state === 'silent' ? t('live.silentBanner') : lost}
    </Alert>
  )
}
