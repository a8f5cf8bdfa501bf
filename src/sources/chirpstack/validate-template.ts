import type { Problem } from '../../core/problem.ts'
import type { DeviceTemplate } from '../../core/template.ts'
import { validateChirpStack } from './validate.ts'

/** Everything wrong with the addresses of a template; paths are relative to it. */
export function validateTemplate({ key, name, tags }: DeviceTemplate): Problem[] {
  const device = { key, name, disabled: false, badAfterMs: 0, devEui: '0000000000000000', tags }
  return validateChirpStack({ devices: [device], url: '' }).map((problem) => ({
    ...problem,
    path: problem.path.replace('devices[0].', ''),
  }))
}
