import { expect, it } from 'vitest'
import { targetOf } from '../../../../src/cli/field/target.ts'

it("a device given on the command line is reached with the environment of a gateway, whose secrets are none of this command's", () => {
  const env = { PENSTOCK_OPERATOR_PASSWORD: 'an operator', PENSTOCK_LORA_API_KEY_FILE: '/run/secrets/lora' }
  const { source } = targetOf(undefined, { config: 'plant.yaml', modbus: '10.0.0.5:1502', unit: '3' }, env)
  expect(source).toMatchObject({ kind: 'modbus', host: '10.0.0.5', port: 1502, devices: [{ unitId: 3 }] })
})
