import { type CommandState, isFinished } from '../../core/command.ts'

/** A command as the gateway answers it over HTTP. */
export interface ShownCommand {
  readonly id: number
  readonly device: string
  readonly tag?: string
  readonly value?: unknown
  readonly command?: string
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly by: { readonly user: string; readonly origin: string }
  readonly state: CommandState
  readonly reason: string
  readonly status?: string
  readonly acceptedAt: string
  readonly changedAt: string
  readonly expectedAt?: string
  readonly history?: readonly {
    readonly at: number
    readonly state: CommandState
    readonly reason: string
    readonly status?: string
  }[]
}

/** `boiler/setpoint = 21.5`, `valve open(angle=90)`. */
export function orderInWords({ device, tag, value, command, arguments: given = {} }: ShownCommand): string {
  if (tag !== undefined) return `${device}/${tag} = ${JSON.stringify(value)}`
  const values = Object.entries(given).map(([name, each]) => `${name}=${JSON.stringify(each)}`)
  return `${device} ${command}(${values.join(', ')})`
}

/** One line of a list. */
export function row(command: ShownCommand): string[] {
  const { id, changedAt, state, by } = command
  return [String(id), changedAt, state, by.user, orderInWords(command), why(command)]
}

/** The status and the reason, and when more is expected. */
export function why({ status, reason, state, expectedAt }: Omit<ShownCommand, 'history'>): string {
  const expected =
    expectedAt !== undefined && !isFinished({ state, status }) ? `an answer is expected at ${expectedAt}` : ''
  return [status ?? '', reason, expected].filter((part) => part !== '').join(' ')
}
