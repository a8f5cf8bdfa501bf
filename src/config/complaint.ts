import type { z } from 'zod'

/** What a rule over several settings says where it is broken; `at` is relative to the settings it was given. */
export interface Complaint {
  readonly at: readonly (string | number)[]
  readonly message: string
  readonly mend: string
}

/** Reports complaints as issues of the schema whose `superRefine` gave the context. */
export function complain(context: z.core.$RefinementCtx, complaints: readonly Complaint[]): void {
  for (const { at, message, mend } of complaints) {
    context.addIssue({ code: 'custom', path: [...at], message, params: { mend } })
  }
}

/** For rules that must speak although other settings are wrong; what they are given may then have any shape. */
export const always = { when: () => true }
