/** Text that somebody unknown chose: what would move or turn the words around it is made visible, and it is not endless. */
export function StrangeText({ text }: { readonly text: string }) {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
  return <bdi style={{ overflowWrap: 'anywhere' }}>{shown.length > 300 ? `${shown.slice(0, 299)}…` : shown}</bdi>
}
