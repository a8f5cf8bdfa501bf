/** What was looked at, how it is, and what to do where it is not in order. */
export interface Finding {
  readonly check:
    | 'configuration'
    | 'secrets'
    | 'clock'
    | 'data folder'
    | 'disk'
    | 'permissions'
    | 'lock'
    | 'port'
    | 'host name'
    | 'certificate'
    | 'web'
    | 'source'
    | 'postgres'
  readonly state: 'ok' | 'warning' | 'problem'
  readonly text: string
  /** What to do; empty where it is in order. */
  readonly mend: string
}

type Check = Finding['check']

export const ok = (check: Check, text: string): Finding => ({ check, state: 'ok', text, mend: '' })
export const warning = (check: Check, text: string, mend: string): Finding => ({ check, state: 'warning', text, mend })
export const problem = (check: Check, text: string, mend: string): Finding => ({ check, state: 'problem', text, mend })
