import { everyTime, type Once } from '../../core/once.ts'
import type { CalculatedSourceConfig, DeviceBase } from '../../core/plant.ts'
import { below, type Problem, showValue } from '../../core/problem.ts'
import { type ExpressionFault, isFault, parseExpression } from './parse.ts'

/** Every expression that is none; paths are relative to the source. What they name is for `validateInputs` to check. */
export function validateCalculated({ devices }: CalculatedSourceConfig, once: Once = everyTime): Problem[] {
  return devices.flatMap((device, position) => below(`devices[${position}]`, once(problemsOfDevice, device)))
}

/** Paths are relative to the device. */
const problemsOfDevice = ({ tags }: DeviceBase): Problem[] =>
  tags.flatMap(({ address }, position): Problem[] => {
    const parsed = parseExpression(address)
    return isFault(parsed) ? [expressionProblem(`tags[${position}]`, address, parsed)] : []
  })

/** `path`: of the tag. */
export const expressionProblem = (path: string, expression: string, { message, mend }: ExpressionFault): Problem => ({
  path: `${path}.expression`,
  value: showValue(expression),
  message,
  mend,
})
