import type { DeviceState, SourceHealth, SourceState } from '../core/health.ts'
import { timestamp } from './timestamps.ts'

const states = {
  starting: 'STATE_STARTING',
  connected: 'STATE_CONNECTED',
  degraded: 'STATE_DEGRADED',
  backoff: 'STATE_BACKOFF',
  refused: 'STATE_REFUSED',
  stopped: 'STATE_STOPPED',
} as const satisfies Record<SourceState, string>

const deviceStates = {
  unknown: 'STATE_UNKNOWN',
  online: 'STATE_ONLINE',
  offline: 'STATE_OFFLINE',
  disabled: 'STATE_DISABLED',
} as const satisfies Record<DeviceState, string>

/** penstock.v1.SourceHealth. */
export const sourceHealthMessage = ({ key, state, reason, since, devices }: SourceHealth) => ({
  source: key,
  state: states[state],
  reason,
  since: timestamp(since),
  devices: devices.map((device) => ({
    device: device.key,
    state: deviceStates[device.state],
    reason: device.reason,
  })),
})

export type SourceHealthMessage = ReturnType<typeof sourceHealthMessage>

/** About how many bytes it takes in a message. */
export const weightOfHealth = ({ reason, devices }: SourceHealth): number =>
  devices.reduce((sum, device) => sum + 60 + device.reason.length, 100 + reason.length)
