import type { Clock } from '../../core/clock.ts'
import type { TestReport } from '../../core/connection-test.ts'
import { plateWords } from '../../core/device-identity.ts'
import type { ReadingReport } from '../../core/diagnostics.ts'
import { fieldEndpointOf, type TagConfig } from '../../core/plant.ts'
import { sourceTypes } from '../../engine/source-types.ts'
import { type OneOff, openOneOff } from '../../sources/one-off.ts'
import { reportOf } from '../../sources/one-reading.ts'
import { type FieldDevice, type FieldSource, wantedTag } from '../../sources/wanted-tag.ts'
import { expected, type Steps, wordsOf } from './steps.ts'

/** Nobody waits longer in front of a page, whatever a source that runs may take. */
const CONNECT_WITHIN_MS = 5_000
const ANSWER_WITHIN_MS = 3_000
/** Asked in one test. */
export const MOST_DEVICES = 4

export interface FieldTestParts {
  readonly source: FieldSource
  readonly secret: (variable: string) => string | undefined
  readonly clock: Clock
  /** Ends it, also in the middle of a request. */
  readonly signal: AbortSignal
}

/** Connects once, asks the first devices what they are and for the first of their tags, and hangs up. */
export async function testField({ source, secret, clock, signal }: FieldTestParts, steps: Steps): Promise<TestReport> {
  const tried = {
    ...source,
    timeoutMs: Math.min(source.timeoutMs, ANSWER_WITHIN_MS),
    connectTimeoutMs: Math.min(source.connectTimeoutMs, CONNECT_WITHIN_MS),
  }
  const from = clock.monotonic()
  let line: OneOff
  try {
    line = await openOneOff({ source: tried, secret }, signal, clock)
  } catch (error) {
    steps.bad('connect', wordsOf(expected(error)))
    return steps.report()
  }
  const hangUp = () => void line.close()
  signal.addEventListener('abort', hangUp, { once: true })
  try {
    const granted = line.negotiated === '' ? '' : `, ${line.negotiated}`
    const at = fieldEndpointOf(source)
    const verb = 'serial' in source ? `The line ${at} is open` : `${at} takes the connection`
    steps.good('connect', `${verb}${granted}.`, clock.monotonic() - from)
    if ('transport' in source && source.transport === 'tls') steps.good('tls', 'Its certificate is trusted.')
    return await askDevices(line, tried, steps)
  } finally {
    signal.removeEventListener('abort', hangUp)
    await line.close()
  }
}

async function askDevices(line: OneOff, source: FieldSource, steps: Steps): Promise<TestReport> {
  const devices: readonly FieldDevice[] = source.devices
  let reading: ReadingReport | undefined
  if (devices.length === 0) steps.aside('read', 'The source has no device yet, so nothing was asked.')
  try {
    for (const device of devices.slice(0, MOST_DEVICES)) {
      const name = 'unitId' in device ? `Unit ${device.unitId}` : device.key
      reading = (await readFirst(line, source, device, name, steps)) ?? reading
      await identify(line, device, name, steps)
    }
  } catch (error) {
    steps.bad('read', wordsOf(expected(error)))
  }
  if (devices.length > MOST_DEVICES) {
    steps.aside('read', `Only the first ${MOST_DEVICES} of ${devices.length} devices were asked.`)
  }
  return steps.report(reading ? { reading } : {})
}

/** Rejects where the connection is gone, so that nobody else need be asked. */
async function readFirst(
  line: OneOff,
  source: FieldSource,
  device: FieldDevice,
  name: string,
  steps: Steps,
): Promise<ReadingReport | undefined> {
  const [first] = device.tags.filter(({ disabled }) => !disabled)
  const tag = first ?? anyTag(source, device)
  if (!tag) {
    steps.aside('read', `${name} has no tag yet, so no value was read.`)
    return undefined
  }
  try {
    const report = reportOf(tag, await line.read(device, tag))
    // Any answer proves a device that has no tags yet.
    if (!first) steps.good('read', `${name} answers.`, report.ms)
    else if (isUsable(report)) steps.good('read', `${name}: ${reads(report)}.`, report.ms)
    else steps.bad('read', `${name} answers, but ${reads(report)}.`)
    return first ? report : undefined
  } catch (error) {
    const refused = expected(error)
    if (refused.code === 'CONNECTION_LOST' || refused.code === 'STOPPED') throw refused
    steps.bad('read', `${name}: ${wordsOf(refused)}`)
    return undefined
  }
}

const isUsable = ({ status }: ReadingReport): boolean => status === null || !status.startsWith('Bad')

export const reads = ({ address, type, value, status }: ReadingReport): string =>
  status === null
    ? `${address} is busy and gives no value`
    : value === null
      ? `${address} as ${type} is ${status}`
      : `${address} as ${type} reads ${JSON.stringify(value)}`

function anyTag(source: FieldSource, device: FieldDevice): TagConfig | undefined {
  return source.kind === 's7' ? undefined : wantedTag(sourceTypes, source, device, { address: 'holding:0' }).tag
}

/** That a device does not say what it is proves nothing against it. */
async function identify(line: OneOff, device: FieldDevice, name: string, steps: Steps): Promise<void> {
  try {
    steps.good('identify', `${name} says that it is ${plateWords(await line.identify(device))}.`)
  } catch (error) {
    const refused = expected(error)
    if (refused.code === 'CONNECTION_LOST' || refused.code === 'STOPPED') throw refused
    steps.aside('identify', `${name} does not say what it is (${wordsOf(refused)}).`)
  }
}
