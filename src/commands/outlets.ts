import type { CommandOutlet } from '../core/command-outlet.ts'

/** The ways to the devices, by the key of their source. */
export interface Outlets {
  /** undefined: the source does not run just now. Without an outlet it runs, and takes no commands. */
  of(sourceKey: string): { readonly outlet: CommandOutlet | undefined } | undefined
}
