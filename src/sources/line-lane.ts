import type { DeviceIdentity } from '../core/device-identity.ts'
import { PenstockError } from '../core/errors.ts'
import type { DeviceBase } from '../core/plant.ts'
import type { DeviceTags } from '../core/tag-index.ts'
import type { FieldSession, ReadBlock } from './driver.ts'
import type { Reading } from './one-reading.ts'

/** What is asked of a device between two polls, without waiting for its cycle. */
export interface LineLane {
  /**
   * Runs `job` with the line's session as soon as the request that is under way is answered; one job at a time, and
   * never beside a poll. Rejects as the job does, with CONNECTION_LOST while there is no connection or when it breaks
   * before the job's turn, with STOPPED at the end of the source, or with CONFIG_INVALID for a device that is disabled.
   */
  run<T>(deviceKey: string, job: (session: FieldSession<ReadBlock>) => Promise<T>): Promise<T>
  /** Asks for the only tag of `wanted`, which need not be one of the plant; rejects as `run`. */
  read(wanted: DeviceTags<DeviceBase>): Promise<Reading>
  /** Asks a device of the source what it is, each request in a turn of its own; rejects as `run` and the session. */
  identify(device: DeviceBase): Promise<DeviceIdentity>
}

interface Job {
  readonly deviceKey: string
  readonly run: (session: FieldSession<ReadBlock>) => Promise<void>
  readonly fail: (cause: PenstockError) => void
}

/** The jobs that wait for a line, the oldest first. */
export class AdHocLane {
  #jobs: Job[] = []

  get waiting(): boolean {
    return this.#jobs.length > 0
  }

  add<T>(deviceKey: string, job: (session: FieldSession<ReadBlock>) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (session: FieldSession<ReadBlock>) => {
        try {
          resolve(await job(session))
        } catch (error) {
          reject(error as Error)
        }
      }
      this.#jobs.push({ deviceKey, run, fail: reject })
    })
  }

  /** Runs the oldest job; resolves when it is done, however it ended. */
  async serve(session: FieldSession<ReadBlock>): Promise<void> {
    await this.#jobs.shift()?.run(session)
  }

  /** Ends the jobs that wait, of these devices or of all. */
  fail(cause: PenstockError, deviceKeys?: ReadonlySet<string>): void {
    const ended = this.#jobs.filter(({ deviceKey }) => deviceKeys?.has(deviceKey) ?? true)
    this.#jobs = this.#jobs.filter((job) => !ended.includes(job))
    for (const { fail } of ended) fail(cause)
  }
}

export const disabled = (deviceKey: string): PenstockError =>
  new PenstockError(
    'CONFIG_INVALID',
    `Device "${deviceKey}" is disabled in the configuration, or no part of it any more, and therefore not asked`,
  )
