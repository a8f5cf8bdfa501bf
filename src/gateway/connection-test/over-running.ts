import type { TestReport } from '../../core/connection-test.ts'
import { plateWords } from '../../core/device-identity.ts'
import type { ReadingReport, SourceDiagnostics } from '../../core/diagnostics.ts'
import { fieldEndpointOf } from '../../core/plant.ts'
import type { Diagnosis } from '../../http/diagnosis.ts'
import type { FieldSource } from '../../sources/wanted-tag.ts'
import { MOST_DEVICES, reads } from './field-test.ts'
import type { Steps } from './steps.ts'

/**
 * The same test over the connection that the running source has, between two of its polls. Undefined: it has none just
 * now, so that one of the test's own disturbs nobody.
 */
export async function testOverRunning(
  tried: FieldSource,
  running: FieldSource,
  rooms: Pick<Diagnosis, 'diagnostics' | 'identify' | 'readOnce'>,
  steps: Steps,
): Promise<TestReport | undefined> {
  const [health]: readonly (SourceDiagnostics | undefined)[] = await rooms.diagnostics(running.key)
  if (health?.state !== 'connected' && health?.state !== 'degraded') return undefined
  const { key } = running
  steps.good(
    'connect',
    `The running source "${key}" is connected to ${fieldEndpointOf(running)}. The test asks over its connection, with ` +
      'the settings that are in force: many devices take one connection only.',
  )
  let reading: ReadingReport | undefined
  for (const device of tried.devices.slice(0, MOST_DEVICES)) {
    const same = running.devices.find(
      (each) => !('unitId' in each) || ('unitId' in device && each.unitId === device.unitId),
    )
    const name = 'unitId' in device ? `Unit ${device.unitId}` : device.key
    if (!same) {
      steps.aside('read', `${name} is none that runs yet, so it was not asked; it is, once the change is applied.`)
      continue
    }
    const identity = await rooms.identify({ source: key, device: same.key })
    if ('problem' in identity) steps.aside('identify', `${name} does not say what it is (${identity.error}).`)
    else steps.good('identify', `${name} says that it is ${plateWords(identity)}.`, identity.ms)
    const [tag] = device.tags
    if (!tag) continue
    const { address, type, encoding, byteOrder, wordOrder, order, length } = tag
    const given = { address, type, encoding, byteOrder, wordOrder, order }
    const more = length === undefined ? {} : { length: String(length) }
    const answer = await rooms.readOnce({ source: key, device: same.key, ...given, ...more })
    if ('problem' in answer) {
      steps.bad('read', `${name}: ${answer.error}`)
      continue
    }
    reading = answer
    if (answer.status?.startsWith('Bad')) steps.bad('read', `${name} answers, but ${reads(answer)}.`)
    else steps.good('read', `${name}: ${reads(answer)}.`, answer.ms)
  }
  return steps.report(reading ? { reading } : {})
}
