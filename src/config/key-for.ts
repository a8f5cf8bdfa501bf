/** What a name may become as a key; undefined: nothing. */
export function keyFor(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  const plain = name
    .slice(0, 500)
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  return plain === '' ? undefined : plain
}
