import type { DataType } from '../../core/data-type.ts'
import { type S7Encoding, s7Encodings } from '../../core/encodings.ts'

interface TypeFacts {
  /** Of a text: of its header alone, which its characters follow. */
  readonly bytes: number
  /**
   * The data types that hold every value exactly, its own counterpart first. Nothing is narrowed or rounded: a DINT does
   * not fit a Float, whose 24 bits of precision would bend it. Durations and times of day are milliseconds.
   */
  readonly fits: readonly [DataType, ...DataType[]]
  /** Other names in TIA Portal, STEP 7 and other gateways. */
  readonly aliases?: readonly string[]
}

const unsigned8 = ['Byte', 'UInt16', 'Int16', 'UInt32', 'Int32', 'UInt64', 'Int64', 'Float', 'Double'] as const
const unsigned16 = ['UInt16', 'UInt32', 'Int32', 'UInt64', 'Int64', 'Float', 'Double'] as const
const unsigned32 = ['UInt32', 'UInt64', 'Int64', 'Double'] as const

const facts = {
  BOOL: { bytes: 1, fits: ['Boolean'], aliases: ['X'] },
  BYTE: { bytes: 1, fits: unsigned8, aliases: ['B'] },
  WORD: { bytes: 2, fits: unsigned16, aliases: ['W'] },
  DWORD: { bytes: 4, fits: unsigned32, aliases: ['DW'] },
  LWORD: { bytes: 8, fits: ['UInt64'], aliases: ['LW'] },
  CHAR: { bytes: 1, fits: ['String'], aliases: ['C'] },
  WCHAR: { bytes: 2, fits: ['String'], aliases: ['WC'] },
  SINT: { bytes: 1, fits: ['SByte', 'Int16', 'Int32', 'Int64', 'Float', 'Double'], aliases: ['SI'] },
  USINT: { bytes: 1, fits: unsigned8, aliases: ['USI'] },
  INT: { bytes: 2, fits: ['Int16', 'Int32', 'Int64', 'Float', 'Double'], aliases: ['I'] },
  UINT: { bytes: 2, fits: unsigned16, aliases: ['UI'] },
  DINT: { bytes: 4, fits: ['Int32', 'Int64', 'Double'], aliases: ['DI'] },
  UDINT: { bytes: 4, fits: unsigned32, aliases: ['UDI'] },
  LINT: { bytes: 8, fits: ['Int64'], aliases: ['LI'] },
  ULINT: { bytes: 8, fits: ['UInt64'], aliases: ['ULI'] },
  REAL: { bytes: 4, fits: ['Float', 'Double'], aliases: ['R'] },
  LREAL: { bytes: 8, fits: ['Double'], aliases: ['LR'] },
  STRING: { bytes: 2, fits: ['String'], aliases: ['S'] },
  WSTRING: { bytes: 4, fits: ['String'], aliases: ['WS'] },
  S5TIME: { bytes: 2, fits: ['Double', 'UInt32', 'Int32', 'UInt64', 'Int64'] },
  TIME: { bytes: 4, fits: ['Double', 'Int32', 'Int64'] },
  LTIME: { bytes: 8, fits: ['Double'] },
  DATE: { bytes: 2, fits: ['DateTime'] },
  TOD: { bytes: 4, fits: ['Double', 'UInt32', 'Int32', 'UInt64', 'Int64'], aliases: ['TIME_OF_DAY'] },
  LTOD: { bytes: 8, fits: ['Double'], aliases: ['LTIME_OF_DAY'] },
  DT: { bytes: 8, fits: ['DateTime'], aliases: ['DATE_AND_TIME'] },
  LDT: { bytes: 8, fits: ['DateTime'], aliases: ['DATE_AND_LTIME'] },
  DTL: { bytes: 12, fits: ['DateTime'] },
  TIMER: { bytes: 2, fits: ['Double', 'UInt32', 'Int32', 'UInt64', 'Int64'] },
  COUNTER: { bytes: 2, fits: [...unsigned16, 'Int16'] },
} as const satisfies Readonly<Record<S7Encoding, TypeFacts>>

export type S7Type = S7Encoding

export const s7Types: readonly S7Type[] = s7Encodings

export const exactTypes = (type: S7Type): readonly [DataType, ...DataType[]] => facts[type].fits

const byName: ReadonlyMap<string, S7Type> = new Map(
  s7Types.flatMap((type) => {
    const { aliases = [] }: TypeFacts = facts[type]
    return [type, ...aliases].map((name): [string, S7Type] => [name, type])
  }),
)

/** The type of that name or alias, in capitals; names count as a whole, `D` is not the beginning of `DINT`. */
export const typeNamed = (name: string): S7Type | undefined => byName.get(name)

/** Types whose address also has the length that the PLC program declares, and the longest of them, in characters. */
export const longestText = { STRING: 254, WSTRING: 16_382 } as const
export type TextType = keyof typeof longestText

export const isText = (type: S7Type): type is TextType => Object.hasOwn(longestText, type)

/** Bytes that one value takes; a text has its header before its characters. */
export function bytesOf(type: S7Type, maxLength: number): number {
  if (type === 'STRING') return facts.STRING.bytes + maxLength
  if (type === 'WSTRING') return facts.WSTRING.bytes + 2 * maxLength
  return facts[type].bytes
}

/** Bytes from one element of an array to the next: texts begin at even bytes. */
export function strideOf(type: S7Type, maxLength: number): number {
  const bytes = bytesOf(type, maxLength)
  return isText(type) ? bytes + (bytes & 1) : bytes
}
