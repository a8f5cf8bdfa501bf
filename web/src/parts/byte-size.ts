import type { Locale } from '../i18n/locale.ts'

const units = [
  ['terabyte', 1e12],
  ['gigabyte', 1e9],
  ['megabyte', 1e6],
  ['kilobyte', 1e3],
] as const

/** `1.2 GB`. */
export function byteSize(bytes: number, { region }: Locale): string {
  const [unit, size] = units.find(([, each]) => bytes >= each) ?? (['byte', 1] as const)
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(region, style).format(bytes / size)
}
