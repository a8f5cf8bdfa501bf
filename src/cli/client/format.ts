import { DataType, type DataValue, type Variant, VariantArrayType } from 'node-opcua'
import { formatDateTime } from '../../core/date-time.ts'

/** A value as JSON can hold it: 64-bit integers as decimal strings, bytes in hexadecimal, dates in ISO 8601. */
export function plainValue({ dataType, value, arrayType }: Variant): unknown {
  const raw: unknown = value
  if (arrayType === VariantArrayType.Array && raw !== null && raw !== undefined) {
    return Array.from(raw as ArrayLike<unknown>, (element) => plainScalar(dataType, element))
  }
  return plainScalar(dataType, raw)
}

function plainScalar(dataType: DataType, raw: unknown): unknown {
  if (raw instanceof Date) return isoTime(raw)
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('hex')
  if ((dataType === DataType.Int64 || dataType === DataType.UInt64) && Array.isArray(raw)) {
    const [high, low] = raw as [number, number]
    const bits = (BigInt(high) << 32n) | BigInt(low)
    return String(dataType === DataType.Int64 ? BigInt.asIntN(64, bits) : BigInt.asUintN(64, bits))
  }
  if (dataType === DataType.LocalizedText) return (raw as { text?: string | null } | null)?.text ?? null
  return raw ?? null
}

/** One value for one line of text. */
export function showValue(variant: Variant): string {
  const value = plainValue(variant)
  if (value === null) return '-'
  return typeof value === 'string'
    ? value.replace(/[\r\n\t]+/g, ' ')
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value)
}

/** node-opcua keeps what is finer than a millisecond beside the Date. */
const isoTime = (date: Date & { readonly picoseconds?: number }): string =>
  formatDateTime(date.getTime() + (date.picoseconds ?? 0) / 1_000_000_000)

export const showTime = (time: Date | null): string => time?.toISOString() ?? '-'

/** What both `read` and `watch` say of a value. */
export const plainDataValue = (id: string, value: DataValue) => ({
  id,
  value: plainValue(value.value),
  type: DataType[value.value.dataType],
  status: value.statusCode.name,
  sourceTime: value.sourceTimestamp?.toISOString() ?? null,
  serverTime: value.serverTimestamp?.toISOString() ?? null,
})

/** Rows as columns, each as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
