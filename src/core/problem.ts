/** One thing that is wrong with an input, said so that its author can mend it without reading code. */
export interface Problem {
  /** Where, as in the file: `sources[0].devices[2].tags[1].address`. */
  readonly path: string
  /** What was found there, shortened, never a secret; absent when something is missing. */
  readonly value?: string
  /** What is wrong and what is allowed. */
  readonly message: string
  /** What to do. */
  readonly mend: string
  /** Where that is in the file, counted from 1, where it is known. */
  readonly line?: number
  readonly column?: number
}

/** Problems of a part, as those of the whole: `path` is where the part is. */
export const below = (path: string, problems: readonly Problem[]): Problem[] =>
  problems.map((problem) => ({ ...problem, path: `${path}.${problem.path}` }))

/** A value as a problem may show it: JSON on one line, at most 60 characters. */
export function showValue(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** `line 12: path is value: message Mend.` on one line; without the line where it is not known. */
export function formatProblem(problem: Problem): string {
  const line = problem.line === undefined ? '' : `line ${problem.line}: `
  const found = problem.value === undefined ? '' : ` is ${problem.value}`
  return `${line}${problem.path}${found}: ${problem.message} ${problem.mend}`
}
