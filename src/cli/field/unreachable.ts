import { describeError, type PenstockError } from '../../core/errors.ts'
import { isOwned } from '../../store/data-folder-lock.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'

/** Why a tool could not do its work, and whether a gateway that runs may be the cause. */
export function unreachable(error: PenstockError, dataFolder: string | undefined): ClientFailure {
  const exitCode = error.code === 'ACCESS_DENIED' ? ExitCode.refused : ExitCode.unreachable
  return new ClientFailure(exitCode, `${describeError(error)}${hintOf(error, dataFolder)}`)
}

/** Many field devices take one connection only, and the gateway may have it. */
function hintOf({ code }: PenstockError, dataFolder: string | undefined): string {
  if (code === 'PROTOCOL_VIOLATION' || dataFolder === undefined || !isOwned(dataFolder)) return ''
  return (
    `. A gateway runs with this configuration (${dataFolder} is in use), and many devices take a single connection: ` +
    'stop it, or disable the source in its configuration and send it SIGHUP, then try again'
  )
}
