import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { systemClock } from '../../core/clock.ts'
import { plateWords } from '../../core/device-identity.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import { fieldEndpointOf, type TagConfig } from '../../core/plant.ts'
import { isBad } from '../../core/status-code.ts'
import type { OneOff } from '../../sources/one-off.ts'
import { reportOf } from '../../sources/one-reading.ts'
import type { FieldDevice, FieldSource } from '../../sources/wanted-tag.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { identified } from './identify.ts'
import { sentence, withConnection } from './read-once.ts'
import { type TargetFlags, tagAt, targetOf } from './target.ts'

/**
 * `penstock test-connection`: how far one gets towards each device of a source: name, connection, an answer, a value, and
 * what it says of itself.
 * Throws ClientFailure where it ends, with what to do.
 */
export async function testConnection(
  key: string | undefined,
  flags: TargetFlags & { readonly json?: boolean | undefined },
  env: Environment,
  out: Output,
): Promise<number> {
  const say: Say = (ok, text) =>
    out.line(flags.json ? JSON.stringify({ ok, text }) : `${ok === null ? '     ' : ok ? 'ok   ' : 'fails'} ${text}`)
  const target = targetOf(key, flags, env)
  const { source } = target
  if ('host' in source) await resolved(source.host, say)
  const from = systemClock.monotonic()
  return withConnection(target, async (line) => {
    const took = systemClock.monotonic() - from
    const granted = line.negotiated === '' ? '' : `, ${line.negotiated}`
    const how = 'transport' in source ? ` (${source.transport})` : ''
    const verb = 'serial' in source ? 'opened' : 'connected to'
    say(true, `${verb} ${fieldEndpointOf(source)}${how} in ${took.toFixed(1)} ms${granted}`)
    let failed = 0
    for (const device of source.devices) if (!(await answers(line, source, device, say))) failed++
    return failed === 0 ? ExitCode.ok : ExitCode.refused
  })
}

/** One line: whether that worked, null where it does not matter, and what was seen. */
type Say = (ok: boolean | null, text: string) => void

async function resolved(host: string, say: Say): Promise<void> {
  if (isIP(host) !== 0) return
  try {
    const addresses = await lookup(host, { all: true })
    say(true, `${host} is ${addresses.map(({ address }) => address).join(', ')}`)
  } catch (cause) {
    const message = `The host name ${host} cannot be resolved; check the name, or give the IP address (${describeError(cause)})`
    throw new ClientFailure(ExitCode.unreachable, message)
  }
}

/** Whether the device answers, and with a value where a tag says what to ask for. */
async function answers(line: OneOff, source: FieldSource, device: FieldDevice, say: Say): Promise<boolean> {
  const name = 'unitId' in device ? `${device.key} (unit ${device.unitId})` : device.key
  const tag = firstTag(source, device)
  if (!tag) {
    say(true, `${name}: it has no tags, so nothing was read`)
    await tell(line, device, name, say)
    return true
  }
  try {
    const reading = await line.read(device, tag)
    const good = reading.status !== undefined && !isBad(reading.status)
    const configured = device.tags.length > 0
    // Any answer proves a device that has no tags yet.
    const ok = good || !configured
    say(ok, `${name}: answers; ${sentence(reportOf(tag, reading))}`)
    await tell(line, device, name, say)
    return ok
  } catch (error) {
    if (!(error instanceof PenstockError) || error.code === 'CONNECTION_LOST') throw error
    say(false, `${name}: ${error.message}`)
    return false
  }
}

/** That a device does not say what it is proves nothing against it. */
async function tell(line: OneOff, device: FieldDevice, name: string, say: Say): Promise<void> {
  const found = await identified(line, device)
  if ('ms' in found) say(true, `${name}: says that it is ${plateWords(found)}`)
  else say(null, `${name}: ${found.message}`)
}

function firstTag(source: FieldSource, device: FieldDevice): TagConfig | undefined {
  const [first] = device.tags.filter(({ disabled }) => !disabled)
  if (first || source.kind === 's7') return first
  return tagAt(source, device, { address: 'holding:0' }).tag
}
