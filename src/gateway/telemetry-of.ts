import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type Tracing, traced } from '../core/tracing.ts'
import type { ConfiguredPlant } from '../link/contract.ts'
import type { Rooms } from '../rooms/gateway.ts'
import type { AuditLog } from '../store/audit.ts'
import type { ThreadLog } from '../telemetry/logger.ts'
import type { TraceSettings } from '../telemetry/telemetry.ts'
import { startThread, type ThreadTelemetry } from '../telemetry/thread.ts'
import { version } from '../version.ts'
import { LogLevelBook } from './log-level-desk.ts'

/** How each thread traces; undefined: it does not. */
export function traceSettingsOf({ telemetry, gateway }: Config): TraceSettings | undefined {
  const { otlp } = telemetry
  if (!otlp) return undefined
  const { endpoint, timeoutMs, sampling } = otlp
  const { polls, calls, events, services, requests, upkeep } = sampling
  const ratios = { poll: polls, call: calls, event: events, service: services, request: requests, upkeep }
  return { endpoint, timeoutMs, ratios, gateway: gateway.name, version }
}

/** What the main thread tells of itself. */
export const mainTelemetryOf = (config: Config, threadLog: ThreadLog): Promise<ThreadTelemetry> =>
  startThread(threadLog, {
    thread: 'main',
    traces: traceSettingsOf(config),
    clock: systemClock,
    random: Math.random,
  })

/** Where the levels of all threads are changed for a while. */
export const logLevelsOf = (parts: {
  levels: ThreadLog['levels']
  rooms: Pick<Rooms, 'showLogLevels' | 'engineHealth'>
  audit: AuditLog
  log: Logger
}): LogLevelBook =>
  new LogLevelBook({
    show: (overrides) => {
      parts.levels.show(overrides)
      parts.rooms.showLogLevels(overrides)
    },
    sources: async () => (await parts.rooms.engineHealth())?.sources,
    audit: parts.audit,
    clock: systemClock,
    log: parts.log,
  })

/** Has the engine run another plant, which is always traced. */
export const plantChangeOf =
  (rooms: Pick<Rooms, 'changePlant'>, tracing: Tracing) =>
  (to: ConfiguredPlant): Promise<void> => {
    const span = tracing.begin('change', 'configuration change')
    return traced(tracing, span, describeError, () => rooms.changePlant(to))
  }
