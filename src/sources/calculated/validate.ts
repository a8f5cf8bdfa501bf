import type { CalculatedSourceConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { type ExpressionFault, isFault, parseExpression } from './parse.ts'

/** Every expression that is none; paths are relative to the source. What they name is for `validateInputs` to check. */
export function validateCalculated({ devices }: CalculatedSourceConfig): Problem[] {
  return devices.flatMap(({ tags }, device) =>
    tags.flatMap(({ address }, tag): Problem[] => {
      const parsed = parseExpression(address)
      return isFault(parsed) ? [expressionProblem(`devices[${device}].tags[${tag}]`, address, parsed)] : []
    }),
  )
}

/** `path`: of the tag. */
export const expressionProblem = (path: string, expression: string, { message, mend }: ExpressionFault): Problem => ({
  path: `${path}.expression`,
  value: showValue(expression),
  message,
  mend,
})
