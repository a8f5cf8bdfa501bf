import { parseDuration } from '../config/duration.ts'
import { type LevelOverride, logLevels } from '../core/log-level.ts'
import { ClientFailure, ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import type { LocalGateway } from './config/local-gateway.ts'

export interface LogLevelFlags {
  /** How long, with its unit. */
  readonly for?: string | undefined
  readonly json?: boolean | undefined
}

/** `penstock log-level`: what is logged otherwise than configured; sets it for a while; or lets it return now. */
export async function logLevel(
  gateway: LocalGateway,
  asked: { readonly target?: string | undefined; readonly level?: string | undefined },
  flags: LogLevelFlags,
  out: Output,
): Promise<number> {
  const { target, level } = asked
  if (target !== undefined && ![...logLevels, 'reset'].some((each) => each === level)) {
    const said = level === undefined ? 'No level is named' : `There is no level "${level}"`
    throw new ClientFailure(
      ExitCode.usage,
      `${said}; there are ${logLevels.join(', ')}, and reset to let it return now`,
    )
  }
  if (target !== undefined && level === 'reset') {
    const path = `/log-levels?target=${encodeURIComponent(target)}`
    const { returned } = await gateway.ask<{ returned: boolean }>('DELETE', path)
    if (!flags.json) out.line(returned ? `${target} logs as configured again.` : `Nothing was set of ${target}.`)
  } else if (target !== undefined) {
    await gateway.ask('PUT', '/log-levels', { target, level, ...durationOf(flags.for) })
  }
  const { levels } = await gateway.ask<{ levels: readonly LevelOverride[] }>('GET', '/log-levels')
  if (flags.json) out.line(JSON.stringify({ levels }))
  else if (levels.length === 0) out.line('Everything is logged as the configuration says.')
  else for (const each of levels) out.line(lineOf(each))
  return ExitCode.ok
}

function durationOf(written: string | undefined): { readonly forMs?: number } {
  if (written === undefined) return {}
  const forMs = parseDuration(written)
  if (forMs !== undefined) return { forMs }
  throw new ClientFailure(ExitCode.usage, `--for ${written} is no time such as 15m: a whole number with s, m or h`)
}

const lineOf = ({ target, level, until, by }: LevelOverride): string =>
  `${target} logs ${level} until ${new Date(until).toISOString()} (set by ${by.user})`
