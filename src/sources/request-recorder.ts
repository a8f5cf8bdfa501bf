import type { Milliseconds, Moment } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'

/** Where a session says how its requests end: each in exactly one call of `answered` or `failed`. */
export interface RequestRecorder {
  /**
   * The device answered after `took` with `bytes` of data, of which tags use `used`; none where it refused. `at`: now,
   * for who has read it.
   */
  answered(deviceKey: string, took: Milliseconds, bytes: number, used: number, at?: Moment): void
  failed(deviceKey: string, took: Milliseconds, code: ErrorCode): void
  /** Something asked for was refused, with the device's own code. */
  refused(deviceKey: string, code: string): void
}

/** For sessions whose requests nobody counts. */
export const noRecorder: RequestRecorder = {
  answered: () => undefined,
  failed: () => undefined,
  refused: () => undefined,
}
