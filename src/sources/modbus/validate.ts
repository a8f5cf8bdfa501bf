import { everyTime, type Once } from '../../core/once.ts'
import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import { below, type Problem } from '../../core/problem.ts'
import { keyProblems } from '../tls-problems.ts'
import { type ForbiddenRange, forbiddenBy, forbiddenOf, forbiddenProblems } from './forbidden.ts'
import { layoutOf, type TagLayout } from './tag-layout.ts'
import { isReadOnly, readOnlyWords, tooWide } from './write-plan.ts'

/** Everything wrong with a Modbus source beyond the shape of its fields; paths are relative to the source. */
export function validateModbus(config: ModbusSourceConfig, once: Once = everyTime): Problem[] {
  const problems: Problem[] = 'tls' in config && config.tls ? [...keyProblems(config.tls)] : []
  const unitOwners = new Map<number, string>()
  config.devices.forEach((device, position) => {
    const path = `devices[${position}]`
    if (!device.disabled) {
      const owner = unitOwners.get(device.unitId)
      if (owner !== undefined) problems.push(sameUnit(path, device.unitId, owner))
      else unitOwners.set(device.unitId, device.name)
    }
    problems.push(...below(path, once(problemsOfDevice, device)))
  })
  return problems
}

/** Paths are relative to the device. */
function problemsOfDevice(device: ModbusDeviceConfig): Problem[] {
  const problems = forbiddenProblems(device)
  const forbidden = forbiddenOf(device)
  device.tags.forEach((tag, position) => {
    const ofTag: Problem[] = []
    const found = layoutOf(tag, device, ofTag)
    const range = found && forbiddenBy(forbidden, found.address.area, found.address.start, found.count)
    if (range && !tag.disabled) ofTag.push(inForbidden(tag.address, range))
    if (found && tag.access === 'readWrite') ofTag.push(...unwritable(found))
    problems.push(...below(`tags[${position}]`, ofTag))
  })
  return problems
}

function unwritable({ address: { area }, count }: TagLayout): Problem[] {
  const message = isReadOnly(area) ? readOnlyWords(area) : tooWide(area, count)
  if (message === undefined) return []
  return [{ path: 'access', value: '"readWrite"', message, mend: 'Remove the access, or correct the address.' }]
}

function inForbidden(address: string, { area, first, last }: ForbiddenRange): Problem {
  return {
    path: 'address',
    value: JSON.stringify(address),
    message: `It lies in ${area}:${first}-${last}, which the device has as \`forbidden\`.`,
    mend: 'Correct the address or the range, or disable the tag.',
  }
}

function sameUnit(path: string, unitId: number, owner: string): Problem {
  return {
    path: `${path}.unitId`,
    value: String(unitId),
    message: `The device "${owner}" of this source has the same unit id.`,
    mend: 'Give each device its own unit id, or put all tags of the unit into one device.',
  }
}
