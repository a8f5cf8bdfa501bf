import { settingOf } from '../../raw.ts'

/** Undefined: it is not there, no text, or empty. */
export function textIn(value: unknown, name: string): string | undefined {
  const text = settingOf(value, name)
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined
}

export function numberIn(value: unknown, name: string): number | undefined {
  const number = settingOf(value, name)
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

export function flagIn(value: unknown, name: string): boolean | undefined {
  const flag = settingOf(value, name)
  return typeof flag === 'boolean' ? flag : undefined
}

export function listIn(value: unknown, name: string): readonly unknown[] {
  const list = settingOf(value, name)
  return Array.isArray(list) ? list : []
}
