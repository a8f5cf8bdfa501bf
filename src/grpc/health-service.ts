import type { handleUnaryCall } from '@grpc/grpc-js'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { isRetryable, PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { notFound, statusOf } from './call-error.ts'

/** How long an answer holds: anybody may ask, as often as they like. */
const HOLDS: Milliseconds = 1_000

interface HealthParts {
  readonly clock: Clock
  readonly log: Logger
  /** The services that may be asked about, by their full names. */
  readonly services: ReadonlySet<string>
  readonly health: () => Promise<{ readonly ready: boolean }>
}

/** grpc.health.v1.Health without `Watch`: ready is what the gateway calls ready (`/readyz`). */
export function healthService({ clock, log, services, health }: HealthParts) {
  let known: { readonly status: Promise<string>; readonly until: Milliseconds } | undefined
  const ask = async () => {
    try {
      return (await health()).ready ? 'SERVING' : 'NOT_SERVING'
    } catch (error) {
      if (error instanceof PenstockError && isRetryable(error)) return 'NOT_SERVING'
      throw error
    }
  }
  const check: handleUnaryCall<{ readonly service: string }, { readonly status: string }> = (call, callback) => {
    const { service } = call.request
    if (service !== '' && !services.has(service)) {
      callback(statusOf(notFound(`There is no service "${service}" here.`), log))
      return
    }
    const now = clock.monotonic()
    if (!known || known.until < now) known = { status: ask(), until: now + HOLDS }
    known.status.then(
      (status) => callback(null, { status }),
      (error: unknown) => callback(statusOf(error, log)),
    )
  }
  return { Check: check }
}
