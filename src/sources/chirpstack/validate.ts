import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { isAddressFault, parseAddress } from './address.ts'

/** Everything wrong with a ChirpStack source beyond the shape of its fields; paths are relative to the source. */
export function validateChirpStack(config: Pick<ChirpStackSourceConfig, 'devices'>): Problem[] {
  const problems: Problem[] = []
  const owners = new Map<string, string>()
  config.devices.forEach((device, position) => {
    const path = `devices[${position}]`
    const devEui = device.devEui.toLowerCase()
    const owner = owners.get(devEui)
    if (owner !== undefined && !device.disabled) problems.push(sameDevEui(path, device.devEui, owner))
    if (!device.disabled) owners.set(devEui, owner ?? device.name)
    device.tags.forEach((tag, tagPosition) => {
      const address = parseAddress(tag.address)
      if (!isAddressFault(address)) return
      problems.push({
        path: `${path}.tags[${tagPosition}].address`,
        value: showValue(tag.address),
        message: `At column ${address.column}: ${address.message}`,
        mend: address.mend,
      })
    })
  })
  return problems
}

function sameDevEui(path: string, devEui: string, owner: string): Problem {
  return {
    path: `${path}.devEui`,
    value: showValue(devEui),
    message: `The device "${owner}" of this source has the same DevEUI.`,
    mend: 'Give each device its own DevEUI, or put all tags of the device into one.',
  }
}
