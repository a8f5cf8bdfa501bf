import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { systemClock } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import { fieldEndpointOf, type TagConfig } from '../../core/plant.ts'
import { isBad } from '../../core/status-code.ts'
import { reportOf } from '../../sources/one-reading.ts'
import type { FieldDevice, FieldSource } from '../../sources/wanted-tag.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { identified, plateWords } from './identify.ts'
import { type OneOff, tagAt } from './one-off.ts'
import { sentence, withConnection } from './read-once.ts'
import { type TargetFlags, targetOf } from './target.ts'

/**
 * `penstock test-connection`: how far one gets towards each device of a source: name, connection, an answer, a value, and
 * what it says of itself.
 * Throws ClientFailure where it ends, with what to do.
 */
export async function testConnection(
  key: string | undefined,
  flags: TargetFlags,
  env: Environment,
  out: Output,
): Promise<number> {
  const target = targetOf(key, flags, env)
  const { source } = target
  if ('host' in source) await resolved(source.host, out)
  const from = systemClock.monotonic()
  return withConnection(target, async (line) => {
    const took = systemClock.monotonic() - from
    const granted = line.negotiated === '' ? '' : `, ${line.negotiated}`
    const how = 'transport' in source ? ` (${source.transport})` : ''
    const verb = 'serial' in source ? 'opened' : 'connected to'
    out.line(`ok    ${verb} ${fieldEndpointOf(source)}${how} in ${took.toFixed(1)} ms${granted}`)
    let failed = 0
    for (const device of source.devices) if (!(await answers(line, source, device, out))) failed++
    return failed === 0 ? ExitCode.ok : ExitCode.refused
  })
}

async function resolved(host: string, out: Output): Promise<void> {
  if (isIP(host) !== 0) return
  try {
    const addresses = await lookup(host, { all: true })
    out.line(`ok    ${host} is ${addresses.map(({ address }) => address).join(', ')}`)
  } catch (cause) {
    const message = `The host name ${host} cannot be resolved; check the name, or give the IP address (${describeError(cause)})`
    throw new ClientFailure(ExitCode.unreachable, message)
  }
}

/** Whether the device answers, and with a value where a tag says what to ask for. */
async function answers(line: OneOff, source: FieldSource, device: FieldDevice, out: Output): Promise<boolean> {
  const name = 'unitId' in device ? `${device.key} (unit ${device.unitId})` : device.key
  const tag = firstTag(source, device)
  if (!tag) {
    out.line(`ok    ${name}: it has no tags, so nothing was read`)
    await tell(line, device, name, out)
    return true
  }
  try {
    const reading = await line.read(device, tag)
    const good = reading.status !== undefined && !isBad(reading.status)
    const configured = device.tags.length > 0
    // Any answer proves a device that has no tags yet.
    out.line(`${good ? 'ok   ' : configured ? 'fails' : 'ok   '} ${name}: answers; ${sentence(reportOf(tag, reading))}`)
    await tell(line, device, name, out)
    return good || !configured
  } catch (error) {
    if (!(error instanceof PenstockError) || error.code === 'CONNECTION_LOST') throw error
    out.line(`fails ${name}: ${error.message}`)
    return false
  }
}

/** That a device does not say what it is proves nothing against it. */
async function tell(line: OneOff, device: FieldDevice, name: string, out: Output): Promise<void> {
  const found = await identified(line, device)
  out.line('ms' in found ? `ok    ${name}: says that it is ${plateWords(found)}` : `      ${name}: ${found.message}`)
}

function firstTag(source: FieldSource, device: FieldDevice): TagConfig | undefined {
  const [first] = device.tags.filter(({ disabled }) => !disabled)
  if (first || source.kind === 's7') return first
  return tagAt(source, device, { address: 'holding:0' }).tag
}
