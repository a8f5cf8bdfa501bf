import { z } from 'zod'
import { duration, explain, section, text } from './fields.ts'
import { withUnits } from './units.ts'

const ratio = (description: string, share: number) =>
  explain(z.number().min(0).max(1), {
    description,
    allowed: 'a number from 0 (none) to 1 (all)',
    example: '0.05',
  }).default(share)

const samplingSchema = section(
  'The share of each kind of work that is traced; commands and changes of the configuration always are.',
  {
    polls: ratio('Poll cycles of Modbus and S7 devices.', 0.01),
    calls: ratio('Calls to ChirpStack that nothing else that is traced has caused.', 0.01),
    events: ratio('Events of LoRaWAN devices, on their way to OPC UA clients.', 0.01),
    services: ratio('Requests of OPC UA clients; those that write, call or change history always are.', 0.01),
    requests: ratio('HTTP requests that change nothing; others always are.', 0.01),
    upkeep: ratio('Compaction of the history, and backups.', 1),
  },
)

const otlpSchema = section('Where traces go, over OTLP/HTTP; where it does not stand, nothing is traced.', {
  endpoint: text({
    description:
      'The OpenTelemetry collector; spans go to `/v1/traces` below it. Headers with keys stand in the environment: ' +
      '`OTEL_EXPORTER_OTLP_HEADERS`.',
    longest: 500,
    pattern: /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?$/,
    allowed: 'a URL that begins with "http://" or "https://", without a user, a query or a fragment',
    example: 'http://otel-collector:4318',
  }),
  timeout: duration({
    description: 'How long the collector may take for one batch of spans.',
    low: 100,
    high: 60_000,
    example: '10s',
  }).prefault('10s'),
  sampling: samplingSchema.prefault({}),
}).transform(withUnits)

export const telemetrySchema = section('What the gateway tells of its own work, beside its log and `/metrics`.', {
  otlp: otlpSchema.optional(),
})
