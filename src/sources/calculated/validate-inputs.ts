import { nearest } from '../../core/nearest.ts'
import type { CalculatedSourceConfig, SourceConfig, TagConfig } from '../../core/plant.ts'
import type { Problem } from '../../core/problem.ts'
import { tagId } from '../../core/tag-index.ts'
import { compile, type Input, unknownInput } from './compile.ts'
import { cycleFault, misfitOf } from './formula.ts'
import { inOrder } from './order.ts'
import { type ExpressionFault, isFault, type Node, parseExpression } from './parse.ts'
import { expressionProblem } from './validate.ts'

interface Calculated {
  readonly id: string
  readonly path: string
  readonly tag: TagConfig
  readonly root: Node
  readonly inputs: readonly string[]
}

/**
 * What is wrong with calculated tags in view of the whole plant: inputs that are not there or of a wrong type, and tags
 * that need themselves. `sources` at their positions, undefined where one is wrong otherwise; paths from the top.
 */
export function validateInputs(sources: readonly (SourceConfig | undefined)[]): Problem[] {
  const calculated = sources.flatMap((source, position) =>
    source?.kind === 'calculated' ? calculatedOf(source, `sources[${position}]`) : [],
  )
  if (calculated.length === 0) return []
  const tags = tagsOf(sources)
  const withTags = sources.flatMap((source) => (source?.devices ?? []).filter((device) => device.tags.length > 0))
  const devices = new Set(withTags.map(({ key }) => key))
  // A device that a rule finds, or that stands in a part of the file that is wrong, may yet have the input.
  const isWhole = !sources.some((source) => source === undefined)
  const mayFind = sources.some((source) => source?.kind === 'chirpstack' && (source.rules ?? []).length > 0)
  const isMissing = (id: string) => isWhole && !tags.has(id) && (devices.has(deviceOf(id)) || !mayFind)

  const faults = calculated.flatMap((each): Problem[] => {
    const missing = each.inputs.find(isMissing)
    const fault = missing === undefined ? typeFault(each, tags) : missingFault(missing, [...tags.keys()])
    return fault ? [expressionProblem(each.path, each.tag.address, fault)] : []
  })
  const { cycles } = inOrder(new Map(calculated.map(({ id, inputs }) => [id, inputs])))
  const byId = new Map(calculated.map((each) => [each.id, each]))
  const circular = cycles.flatMap((cycle): Problem[] => {
    const first = byId.get(cycle[0] as string)
    return first ? [expressionProblem(first.path, first.tag.address, cycleFault(cycle))] : []
  })
  return [...faults, ...circular]
}

const deviceOf = (id: string): string => id.split('/', 1)[0] as string

function tagsOf(sources: readonly (SourceConfig | undefined)[]): Map<string, TagConfig> {
  const tags = new Map<string, TagConfig>()
  for (const source of sources) {
    for (const device of source?.devices ?? []) for (const tag of device.tags) tags.set(tagId(device.key, tag.key), tag)
  }
  return tags
}

function calculatedOf({ devices }: CalculatedSourceConfig, path: string): Calculated[] {
  return devices.flatMap((device, position) =>
    device.tags.flatMap((tag, tagPosition): Calculated[] => {
      const parsed = parseExpression(tag.address)
      if (isFault(parsed)) return []
      const at = `${path}.devices[${position}].tags[${tagPosition}]`
      return [{ id: tagId(device.key, tag.key), path: at, tag, ...parsed }]
    }),
  )
}

/** Nothing is said of an input that is not there: of which type it will be is open. */
function typeFault(
  { root, tag, inputs }: Calculated,
  tags: ReadonlyMap<string, TagConfig>,
): ExpressionFault | undefined {
  if (!inputs.every((id) => tags.has(id))) return undefined
  const compiled = compile(root, (id): Input | undefined => {
    const input = tags.get(id)
    return input && { index: 0, type: input.type, arrayLength: input.arrayLength }
  })
  return isFault(compiled) ? compiled : misfitOf(compiled, tag)
}

function missingFault(id: string, known: readonly string[]): ExpressionFault {
  const meant = nearest(id, known)
  return meant ? { ...unknownInput(id), mend: `Write [${meant}].` } : unknownInput(id)
}
