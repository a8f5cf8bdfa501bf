import type { DataType } from '../../../core/data-type.ts'
import type { Settings } from '../imported.ts'
import type { KepwareTag, KepwareType, Reason } from './kepware-tag.ts'

/** What clients of KEPServerEX see of a type. */
const dataTypes: Readonly<Partial<Record<KepwareType, DataType>>> = {
  Char: 'SByte',
  Byte: 'Byte',
  Short: 'Int16',
  Word: 'UInt16',
  Long: 'Int32',
  DWord: 'UInt32',
  Float: 'Float',
  Double: 'Double',
}

export interface Scaled {
  readonly settings: Settings
  /** What is not as it was, a sentence each. */
  readonly changed: readonly string[]
}

/**
 * Type, encoding and transform of a tag that lies in the device as `how` says, with its scaling: linear between the
 * ends of two ranges and on beyond them, clamped to the scaled range or not, and negated afterwards or not.
 */
export function scaled(
  { scaling, name }: KepwareTag,
  how: { readonly type: DataType; readonly encoding?: string },
  isArray: boolean,
): Scaled | Reason {
  const { type, encoding } = how
  const bcd = encoding?.startsWith('bcd') ? { encoding } : {}
  if (!scaling) return { settings: { type, ...bcd }, changed: [] }
  const { raw, scaled: value, negate } = scaling
  if (scaling.kind === 'squareRoot') {
    const line = `(${value[1]} - ${value[0]}) * sqrt(([device/tag] - ${raw[0]}) / (${raw[1]} - ${raw[0]})) + ${value[0]}`
    return {
      reason: `Its scaling takes the square root, which no transform does. Add ${name} as it comes, and a calculated tag: ${negate ? `-(${line})` : line}`,
    }
  }
  if (isArray)
    return { reason: 'It is a scaled array; elements of an array are not scaled here. Import them one by one.' }
  if (type === 'Boolean' || type === 'String' || type === 'DateTime') return { reason: `A ${type} is not scaled.` }
  const target = dataTypes[scaling.type]
  if (!target) return { reason: `A scaled value is no ${scaling.type} here.` }
  const sign = negate ? -1 : 1
  const points = value.map((each) => sign * each + 0) as [number, number]
  const isWhole = target !== 'Float' && target !== 'Double'
  const clamps = scaling.clampLow && scaling.clampHigh
  const [low, high] = [Math.min(...points), Math.max(...points)]
  return {
    settings: {
      type: target,
      ...(encoding === undefined ? {} : { encoding }),
      transform: {
        linear: { raw: [...raw], value: points },
        ...(isWhole ? { round: 0 } : {}),
        ...(clamps ? { clamp: true } : {}),
      },
      ...(clamps ? { range: { low, high } } : {}),
    },
    changed:
      scaling.clampLow === scaling.clampHigh
        ? []
        : [`Values are clamped at the ${scaling.clampLow ? 'low' : 'high'} end only there, and not at all here.`],
  }
}
