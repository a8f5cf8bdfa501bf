import type { SourceHealthAnswer } from '../api/types.ts'

export type SourceState = SourceHealthAnswer['state']
export type DeviceState = SourceHealthAnswer['devices'][number]['state']

/** Colours of the theme. */
export const stateColours: Readonly<Record<SourceState | DeviceState, string>> = {
  starting: 'gray',
  connected: 'green',
  degraded: 'orange',
  backoff: 'red',
  refused: 'red',
  stopped: 'gray',
  unknown: 'gray',
  online: 'green',
  offline: 'red',
  disabled: 'gray',
}

export const needsAttention = (state: DeviceState): boolean => state === 'offline'
