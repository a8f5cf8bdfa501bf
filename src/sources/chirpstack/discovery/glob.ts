/**
 * Whether the whole text fits the pattern, in which `*` stands for any characters and `?` for one, whatever the case.
 * Takes at most the product of both lengths, whoever wrote them; a regular expression could take for ever.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const wanted = [...pattern.toLowerCase()]
  const given = [...text.toLowerCase()]
  let [at, from] = [0, 0]
  /** Where the last star stands, and where what follows it is tried. */
  let star = -1
  let resume = 0
  while (from < given.length) {
    if (wanted[at] === '*') {
      star = at++
      resume = from
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[from])) {
      at++
      from++
    } else if (star >= 0) {
      at = star + 1
      from = ++resume
    } else return false
  }
  while (wanted[at] === '*') at++
  return at === wanted.length
}
