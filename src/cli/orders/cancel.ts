import { ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { LocalGateway } from '../config/local-gateway.ts'
import { orderInWords, type ShownCommand } from './shown-command.ts'

/** `penstock cancel`: takes a command back. Throws ClientFailure where that is too late. */
export async function cancel(
  gateway: Pick<LocalGateway, 'ask'>,
  id: string,
  out: Output,
  json = false,
): Promise<number> {
  const path = `/commands/${encodeURIComponent(id)}`
  const command = await gateway.ask<ShownCommand>('DELETE', path)
  out.line(json ? JSON.stringify(command) : `${command.id}: ${orderInWords(command)} is ${command.state}`)
  return ExitCode.ok
}
