import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'

const FOLDER = fileURLToPath(new URL('../../proto', import.meta.url))

const files = [
  'penstock/v1/plant_service.proto',
  'penstock/v1/value_service.proto',
  'penstock/v1/history_service.proto',
  'penstock/v1/command_service.proto',
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
]

/** What the files in `proto` say: names in camel case, enums by name, 64-bit integers as digits. */
export const loadDefinitions = (): PackageDefinition =>
  loadSync(files, { includeDirs: [FOLDER], longs: String, enums: String, defaults: true, oneofs: true })

/** The service of this full name. */
export function serviceOf(definitions: PackageDefinition, name: string): ServiceDefinition {
  const found = definitions[name]
  if (found === undefined || 'format' in found) throw new Error(`The files in ${FOLDER} have no service ${name}`)
  return found as ServiceDefinition
}
