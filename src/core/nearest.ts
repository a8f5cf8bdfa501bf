import { distance } from 'fastest-levenshtein'

/** The candidate that `word` was probably meant to be: at most a third of its letters differ, at least two may. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A word far longer than any candidate is no slip of the pen, and comparing it would cost its length each time.
  if (word.length > 100) return undefined
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const away = distance(wanted, candidate.toLowerCase())
    if (away >= bestDistance || away >= candidate.length) continue
    best = candidate
    bestDistance = away
  }
  return best
}
