import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { ExitCode } from '../../../src/cli/client/failure.ts'
import { completionScript } from '../../../src/cli/completion.ts'

const program = new Command('penstock').option('--version')
program.command('run').description("it's started").option('--safe-mode').option('-c, --config <file>')
const user = program.command('user').description('who may log in')
user.command('add').option('--role <role...>')
user.command('list').option('--json')

/** What bash offers after these words, the last of them unfinished. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', program)}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _penstock; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script, 'bash', 'penstock', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n')
}

describe('in bash', () => {
  it.each([
    [['r'], ['run']],
    [['--v'], ['--version']],
    [
      ['run', '--'],
      ['--safe-mode', '--config', '--help'],
    ],
    [
      ['user', ''],
      ['add', 'list', 'help', '--help'],
    ],
    [['user', 'list', '--j'], ['--json']],
    [['run', 'user', 'l'], ['']],
    [['nothing', 'u'], ['user']],
  ])('%j is completed with %j', (words, expected) => {
    expect(offered(...words).toSorted()).toEqual(expected.toSorted())
  })
})

it.each(['zsh', 'fish'])('in %s every command and option is known, with its description', (shell) => {
  const script = completionScript(shell, program)
  for (const each of ['run', 'user', 'user add', 'user list', 'who may log in', 'safe-mode', 'json']) {
    expect(script).toContain(each)
  }
  expect(script).toContain("'\\''")
})

it('another shell is refused, with those that there are', () => {
  expect(() => completionScript('csh', program)).toThrow(expect.objectContaining({ exitCode: ExitCode.usage }))
})

it('every exit code is in the documentation', () => {
  const file = fileURLToPath(new URL('../../../docs/operations.md', import.meta.url))
  const documented = [...readFileSync(file, 'utf8').matchAll(/^\| (\d) \| \S/gm)].map(([, code]) => Number(code))
  expect(documented).toEqual([...new Set([1, ...Object.values(ExitCode)])].toSorted())
})
