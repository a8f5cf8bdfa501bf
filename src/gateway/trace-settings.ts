import type { Config } from '../config/schema.ts'
import type { TraceSettings } from '../telemetry/telemetry.ts'
import { version } from '../version.ts'

/** How each thread traces; undefined: it does not. */
export function traceSettingsOf({ telemetry, gateway }: Config): TraceSettings | undefined {
  const { otlp } = telemetry
  if (!otlp) return undefined
  const { endpoint, timeoutMs, sampling } = otlp
  const { polls, calls, events, services, requests, upkeep } = sampling
  const ratios = { poll: polls, call: calls, event: events, service: services, request: requests, upkeep }
  return { endpoint, timeoutMs, ratios, gateway: gateway.name, version }
}
