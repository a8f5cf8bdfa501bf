import { pause, systemClock } from '../../core/clock.ts'
import { isFinished } from '../../core/command.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { LocalGateway } from '../config/local-gateway.ts'
import { orderInWords, type ShownCommand, why } from './shown-command.ts'

export interface SendFlags {
  readonly key?: string
  readonly priority: string
  readonly expires?: string
  readonly confirmed?: boolean
  readonly wait: boolean
  readonly json?: boolean
}

type Asked = Pick<LocalGateway, 'ask'>

const LOOK_EVERY_MS = 200

/**
 * `penstock send`: asks for a write or command and waits for what becomes of it, until Ctrl-C. Ends with 0 where it is
 * confirmed, or transmitted to a device that acknowledges nothing (or accepted, with `--no-wait`), else as refused. Throws ClientFailure.
 */
export async function send(
  gateway: Asked,
  target: string,
  words: readonly string[],
  flags: SendFlags,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  const body = { ...orderOf(target, words), ...optionsOf(flags) }
  const accepted = await gateway.ask<ShownCommand>('POST', '/commands', body)
  const last = flags.wait ? await followed(gateway, accepted, out, signal) : accepted
  if (flags.json) out.line(JSON.stringify(last))
  else out.line(inWords(last))
  if (!flags.wait) return ExitCode.ok
  return isFinished(last) && ['confirmed', 'transmitted'].includes(last.state) ? ExitCode.ok : ExitCode.refused
}

async function followed(gateway: Asked, first: ShownCommand, out: Output, signal: AbortSignal): Promise<ShownCommand> {
  let command = first
  while (!isFinished(command) && !signal.aborted) {
    await pause(systemClock, LOOK_EVERY_MS, signal)
    const now = await gateway.ask<ShownCommand>('GET', `/commands/${command.id}`)
    if (now.state !== command.state && !isFinished(now)) out.notice(inWords(now))
    command = now
  }
  return command
}

function inWords(command: ShownCommand): string {
  const reason = why(command)
  return `${command.id}: ${orderInWords(command)} is ${command.state}${reason === '' ? '' : `: ${reason}`}`
}

function orderOf(target: string, words: readonly string[]): object {
  const [device, tag, more] = target.split('/')
  if (more !== undefined) throw usage(`${target} is no device/tag and no device`)
  const [first, ...others] = words
  if (tag !== undefined) {
    if (first === undefined || others.length > 0) throw usage(`Say one value: penstock send ${target} 21.5`)
    return { device, tag, value: asGiven(first) }
  }
  if (first === undefined) throw usage(`Say which command: penstock send ${target} open angle=90`)
  const given = others.map((word) => {
    const at = word.indexOf('=')
    if (at <= 0) throw usage(`${word} is no argument such as angle=90`)
    return [word.slice(0, at), asGiven(word.slice(at + 1))] as const
  })
  const names = given.map(([name]) => name)
  const twice = names.find((name, position) => names.indexOf(name) !== position)
  if (twice !== undefined) throw usage(`The argument ${twice} is there twice: say it once`)
  return { device, command: first, arguments: Object.fromEntries(given) }
}

/** As JSON where it is that, else a text; a whole number with more digits than JSON keeps stays a text. */
function asGiven(word: string): unknown {
  try {
    const value: unknown = JSON.parse(word)
    if (typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(word)) return word
    return value
  } catch {
    return word
  }
}

function optionsOf({ key, priority, expires, confirmed }: SendFlags): object {
  const seconds = expires === undefined ? undefined : Number(expires)
  if (seconds !== undefined && !(seconds > 0 && seconds <= 30 * 86_400)) {
    throw usage(`--expires ${expires} is no number of seconds, at most 30 days`)
  }
  if (!/^-?\d+$/.test(priority)) throw usage(`--priority ${priority} is no whole number`)
  return {
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(priority === '0' ? {} : { priority: Number(priority) }),
    ...(seconds === undefined ? {} : { deadline: new Date(systemClock.now() + seconds * 1_000).toISOString() }),
    ...(confirmed ? { confirmed } : {}),
  }
}

const usage = (message: string): ClientFailure => new ClientFailure(ExitCode.usage, message)
