import type { DataType } from '../../src/core/data-type.ts'
import type { S7Type } from '../../src/sources/s7/types.ts'

export interface Sample {
  readonly bytes: string
  readonly type: DataType
  readonly value: unknown
  /** Declared, of a text. */
  readonly length?: number
}

/** Bytes as the CPU stores them, and the value that a tag of that type reads from them. */
export const samples: Readonly<Record<S7Type, Sample>> = {
  BOOL: { bytes: '08', type: 'Boolean', value: true },
  BYTE: { bytes: 'fe', type: 'Byte', value: 254 },
  WORD: { bytes: 'abcd', type: 'UInt16', value: 0xabcd },
  DWORD: { bytes: 'deadbeef', type: 'UInt32', value: 0xdead_beef },
  LWORD: { bytes: '0123456789abcdef', type: 'UInt64', value: 0x0123_4567_89ab_cdefn },
  CHAR: { bytes: 'b0', type: 'String', value: '°' },
  WCHAR: { bytes: '20ac', type: 'String', value: '€' },
  SINT: { bytes: 'fe', type: 'SByte', value: -2 },
  USINT: { bytes: 'fe', type: 'Byte', value: 254 },
  INT: { bytes: 'cfc7', type: 'Int16', value: -12_345 },
  UINT: { bytes: 'cfc7', type: 'UInt16', value: 53_191 },
  DINT: { bytes: '88ca6c00', type: 'Int32', value: -2_000_000_000 },
  UDINT: { bytes: 'ffffffff', type: 'UInt32', value: 4_294_967_295 },
  LINT: { bytes: 'fffffffffffffffe', type: 'Int64', value: -2n },
  ULINT: { bytes: 'fffffffffffffffe', type: 'UInt64', value: 2n ** 64n - 2n },
  REAL: { bytes: 'c2488000', type: 'Float', value: -50.125 },
  LREAL: { bytes: '400921fb54442d18', type: 'Double', value: Math.PI },
  STRING: { bytes: '1e054be4736521', type: 'String', value: 'Käse!', length: 30 },
  WSTRING: { bytes: '000a0003004800e920ac', type: 'String', value: 'Hé€', length: 10 },
  S5TIME: { bytes: '2127', type: 'Double', value: 127_000 },
  TIME: { bytes: 'fffffc18', type: 'Double', value: -1_000 },
  LTIME: { bytes: '000000000016e360', type: 'Double', value: 1.5 },
  DATE: { bytes: '3139', type: 'DateTime', value: Date.UTC(2024, 6, 2) - 7_200_000 },
  TOD: { bytes: '02932e00', type: 'UInt32', value: 43_200_000 },
  LTOD: { bytes: '0000274a48a78000', type: 'Double', value: 43_200_000 },
  DT: { bytes: '2407021530451234', type: 'DateTime', value: Date.UTC(2024, 6, 2, 13, 30, 45, 123) },
  LDT: { bytes: '17de6a0b9cc3c000', type: 'DateTime', value: 0x17de_6a0b_9cc3_c000 / 1e6 },
  DTL: { bytes: '07e80702030f1e2d0754d4c0', type: 'DateTime', value: Date.UTC(2024, 6, 2, 13, 30, 45, 123) },
  TIMER: { bytes: '1127', type: 'Double', value: 12_700 },
  COUNTER: { bytes: '0999', type: 'UInt16', value: 999 },
}
