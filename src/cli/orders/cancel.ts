import { ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import { askGateway } from '../field/ask-gateway.ts'
import { orderInWords, type ShownCommand } from './shown-command.ts'

/** As long as it may take until it is known whether what is being sent went out. */
const KNOWN_WITHIN_MS = 100_000

/** `penstock cancel`: takes a command back. Throws ClientFailure where that is too late. */
export async function cancel(id: string, url: string, out: Output): Promise<number> {
  const path = `/commands/${encodeURIComponent(id)}`
  const command = await askGateway<ShownCommand>(url, path, KNOWN_WITHIN_MS, { method: 'DELETE' })
  out.line(`${command.id}: ${orderInWords(command)} is ${command.state}`)
  return ExitCode.ok
}
