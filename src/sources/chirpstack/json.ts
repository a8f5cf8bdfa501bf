import type { PathStep } from './address.ts'

/** A decoded JSON object; its keys are somebody else's and are only ever looked up as own properties. */
export type JsonObject = Readonly<Record<string, unknown>>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is at one step below `value`; undefined where there is nothing. */
export function stepInto(value: unknown, step: PathStep): unknown {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}
