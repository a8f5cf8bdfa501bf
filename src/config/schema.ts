import type { z } from 'zod'
import type { Plant } from '../core/plant.ts'
import type { PostgresConfig } from '../core/sink.ts'
import { commandFaultsOf } from './command-references.ts'
import { always, complain } from './complaint.ts'
import { contradictionsOf } from './contradictions.ts'
import { duplicatesOf } from './duplicates.ts'
import { list, section } from './fields.ts'
import { grpcSchema } from './grpc-schema.ts'
import { httpSchema } from './http-schema.ts'
import { remembering } from './parse-memory.ts'
import {
  auditSchema,
  backupSchema,
  commandsSchema,
  gatewaySchema,
  historySchema,
  logSchema,
  opcuaSchema,
} from './server-schema.ts'
import { sinksSchema } from './sink-schema.ts'
import { sourceSchema } from './source-schema.ts'
import { telemetrySchema } from './telemetry-schema.ts'
import { unknownTemplatesOf } from './template-references.ts'
import { templateSchema } from './template-schema.ts'

/**
 * The configuration file, whole: what is allowed, what holds where a setting is left out, and what each setting
 * means. The documentation and the JSON Schema for editors are made of it (`generate-json-schema.ts`).
 */
export const configSchema = section('Configuration of a Penstock gateway.', {
  gateway: gatewaySchema.prefault({}),
  opcua: opcuaSchema.prefault({}),
  http: httpSchema.prefault({}),
  grpc: grpcSchema.prefault({}),
  history: historySchema.prefault({}),
  sinks: sinksSchema.prefault({}),
  commands: commandsSchema.prefault({}),
  audit: auditSchema.prefault({}),
  log: logSchema.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  backup: backupSchema.prefault({}),
  templates: list(
    remembering(templateSchema),
    'What LoRaWAN devices of one kind have in common, for devices and rules.',
  ).default([]),
  sources: list(sourceSchema, 'Connections to network servers, devices and CPUs, with what is behind them.'),
}).superRefine(
  (config: unknown, context) =>
    complain(context, [
      ...duplicatesOf(config),
      ...contradictionsOf(config),
      ...unknownTemplatesOf(config),
      ...commandFaultsOf(config),
    ]),
  always,
)

/** A checked configuration with every default filled in; durations are milliseconds. */
export type Config = z.output<typeof configSchema>

/** A configuration as it may stand in the file, durations as text. */
export type ConfigInput = z.input<typeof configSchema>

type Plain<T> = T extends readonly (infer Element)[]
  ? readonly Plain<Element>[]
  : T extends object
    ? { readonly [Name in keyof T]: Plain<T[Name]> }
    : T
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Holds<Claim extends true> = Claim

/** Does not compile unless the sources of a configuration are exactly the plant that the engine runs. */
export type SourcesArePlant = Holds<Same<Plain<Config['sources']>, Plain<Plant['sources']>>>

/** The same of the database that gets the samples. */
export type SinkIsPostgres = Holds<Same<Plain<NonNullable<Config['sinks']['postgres']>>, Plain<PostgresConfig>>>
