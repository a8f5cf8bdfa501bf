import { z } from 'zod'
import { explain, type FieldMeta } from './fields.ts'

const unitsInBytes = { TB: 1e12, GB: 1e9, MB: 1e6 } as const
type Unit = keyof typeof unitsInBytes

/** A whole number and its unit, as users write how much room there is: `500MB`, `20GB`. */
const sizePattern = /^(\d{1,6})(MB|GB|TB)$/

/** Written with its unit in the file, bytes afterwards. */
export function size(about: Omit<FieldMeta, 'allowed'> & { low: number; high: number }) {
  const { low, high, ...told } = about
  const allowed = `a whole number with its unit MB, GB or TB, from ${formatSize(low)} to ${formatSize(high)}`
  const schema = z
    .string()
    .regex(sizePattern)
    .transform((written, context) => {
      const [, count, unit] = sizePattern.exec(written) ?? []
      const bytes = Number(count) * unitsInBytes[unit as Unit]
      if (bytes >= low && bytes <= high) return bytes
      context.addIssue({ code: 'custom', message: 'outside of the bounds' })
      return z.NEVER
    })
  return explain(schema, { ...told, allowed })
}

function formatSize(bytes: number): string {
  const unit = (Object.keys(unitsInBytes) as Unit[]).find((each) => bytes % unitsInBytes[each] === 0) ?? 'MB'
  return `${bytes / unitsInBytes[unit]}${unit}`
}
