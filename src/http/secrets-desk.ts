import type { Actor } from '../core/command.ts'

/** Where a secret comes from: a variable, the file that a variable names, the data folder, or nowhere. */
export const secretOrigins = ['environment', 'file', 'kept', 'missing'] as const
export type SecretOrigin = (typeof secretOrigins)[number]

/** Where secrets are kept that somebody types at a page. What they are is never answered. */
export interface SecretsDesk {
  originOf(variable: string): SecretOrigin
  /** On disk, and with the plant, when it resolves. */
  keep(variable: string, value: string, by: Actor): Promise<void>
  /** False: none is kept. A plant that runs with it goes on until the gateway starts again. */
  forget(variable: string, by: Actor): Promise<boolean>
}
