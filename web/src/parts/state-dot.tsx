import { VisuallyHidden } from '@mantine/core'
import { useLocale } from '../i18n/use-locale.tsx'
import { type DeviceState, type SourceState, stateColours } from './states.ts'

/** A state where there is no room for words, which stand behind it. */
export function StateDot({ state }: { readonly state: SourceState | DeviceState | undefined }) {
  const { t } = useLocale()
  const words = state === undefined ? '' : t(`state.${state}`)
  const colour = state === undefined ? 'gray' : stateColours[state]
  const isTrouble = colour === 'red' || colour === 'orange'
  return (
    <span title={words}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {isTrouble ? (
          <path d="M6 1 11.5 11H.5z" fill={`var(--mantine-color-${colour}-6)`} />
        ) : (
          <circle cx="6" cy="6" r="4.5" fill={`var(--mantine-color-${colour}-6)`} />
        )}
      </svg>
      <VisuallyHidden>{words}</VisuallyHidden>
    </span>
  )
}
