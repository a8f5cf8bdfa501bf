import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { isAddressFault, parseAddress } from './address.ts'

/** Everything wrong with a ChirpStack source beyond the shape of its fields; paths are relative to the source. */
export function validateChirpStack(config: ChirpStackSourceConfig): Problem[] {
  const problems: Problem[] = [...tlsProblems(config)]
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

/** What does not fit together in `tls`; what its files hold is looked at when they are used. */
function* tlsProblems({ url, tls }: ChirpStackSourceConfig): Generator<Problem> {
  if (!tls) return
  if (url.startsWith('http:')) {
    const message = 'The address of the source is http://, where there is no TLS.'
    yield { path: 'tls', message, mend: 'Write https:// in url, or remove the section tls.' }
  }
  const { certificateFile, keyFile, keyEnv } = tls
  const hasKey = keyFile !== undefined || keyEnv !== undefined
  if (certificateFile !== undefined && !hasKey) {
    const message = 'A client certificate needs its key.'
    yield { path: 'tls.certificateFile', message, mend: 'Set keyFile, or keyEnv, as well.' }
  }
  if (certificateFile === undefined && hasKey) {
    const path = keyFile === undefined ? 'tls.keyEnv' : 'tls.keyFile'
    yield {
      path,
      message: 'A key without its client certificate proves nothing.',
      mend: 'Set certificateFile as well.',
    }
  }
  if (keyFile !== undefined && keyEnv !== undefined) {
    yield { path: 'tls.keyEnv', message: 'The key is given twice: keyFile is set too.', mend: 'Remove one of the two.' }
  }
}
