import { pause, systemClock } from '../../core/clock.ts'
import { ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import type { LocalGateway } from '../config/local-gateway.ts'
import { orderInWords, row, type ShownCommand } from './shown-command.ts'

export interface ListFlags {
  readonly device?: string
  readonly state?: string
  readonly limit: string
  readonly watch?: boolean
  readonly json?: boolean
}

type Asked = Pick<LocalGateway, 'ask'>

const LOOK_EVERY_MS = 500

/** `penstock commands`: the last commands, the newest last, or one of them with its history. Throws ClientFailure. */
export async function list(
  gateway: Asked,
  id: string | undefined,
  flags: ListFlags,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  if (id !== undefined) {
    const command = await gateway.ask<ShownCommand>('GET', `/commands/${encodeURIComponent(id)}`)
    for (const line of flags.json ? [JSON.stringify(command)] : inFull(command)) out.line(line)
    return ExitCode.ok
  }
  let known = await look(gateway, flags)
  print(known, flags, out)
  if (known.length === 0 && !flags.json) out.notice('There are no such commands.')
  while (flags.watch && !signal.aborted) {
    await pause(systemClock, LOOK_EVERY_MS, signal)
    const now = await look(gateway, flags)
    const before = new Map(known.map((command) => [command.id, command]))
    print(
      now.filter(
        (each) => before.get(each.id)?.changedAt !== each.changedAt || before.get(each.id)?.state !== each.state,
      ),
      flags,
      out,
    )
    known = now
  }
  return ExitCode.ok
}

async function look(gateway: Asked, { device, state, limit }: ListFlags): Promise<readonly ShownCommand[]> {
  const query = new URLSearchParams({
    limit,
    ...(device === undefined ? {} : { device }),
    ...(state === undefined ? {} : { state }),
  })
  const { commands } = await gateway.ask<{ commands: ShownCommand[] }>('GET', `/commands?${query.toString()}`)
  return commands.reverse()
}

function print(commands: readonly ShownCommand[], { json }: ListFlags, out: Output): void {
  const lines = json ? commands.map((command) => JSON.stringify(command)) : table(commands.map(row))
  for (const line of lines) out.line(line)
}

function inFull(command: ShownCommand): string[] {
  const { id, by, acceptedAt, history = [] } = command
  const steps = history.map(({ at, state, status, reason }) => [
    new Date(at).toISOString(),
    state,
    [status ?? '', reason].join(' ').trim(),
  ])
  return [`${id}: ${orderInWords(command)}, asked for by ${by.user} (${by.origin}) at ${acceptedAt}`, ...table(steps)]
}
