import { formatProblem, type Problem } from '../core/problem.ts'

/** What is wrong with a configuration, a line for each problem, for whoever wrote it. */
export class ConfigurationRefused extends Error {
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super([`${file}: ${count}`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n'))
    this.name = 'ConfigurationRefused'
    this.problems = problems
  }
}
