import type { Command } from 'commander'
import { ClientFailure, ExitCode } from './client/failure.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

interface Word {
  readonly word: string
  readonly description: string
}

/** A command, by the words that lead to it, and what can follow there. */
interface Place {
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
}

/** A script that completes the commands and options of the program in a shell. Throws ClientFailure for another shell. */
export function completionScript(shell: string, program: Command): string {
  const places = placesOf(program, '')
  if (shell === 'bash') return bash(places)
  if (shell === 'zsh') return zsh(places)
  if (shell === 'fish') return fish(places)
  throw new ClientFailure(ExitCode.usage, `There is no completion for "${shell}", only for ${shells.join(', ')}`)
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp()
  const subcommands = help.visibleCommands(command)
  const commands = subcommands.map((each) => ({ word: each.name(), description: each.description() }))
  const options = help.visibleOptions(command).flatMap(({ long, short, description }) => {
    const word = long ?? short
    return word === undefined || word === null ? [] : [{ word, description }]
  })
  const below = subcommands
    // The one that commander adds says of itself only that it is there.
    .filter((each) => each.name() !== 'help')
    .flatMap((each) => placesOf(each, `${path} ${each.name()}`.trimStart()))
  return [{ path, commands, options }, ...below]
}

const wordsOf = ({ commands, options }: Place): readonly Word[] => [...commands, ...options]

/** Paths of commands, as the text `<path so far> <word>` of which the shell goes on. */
const stepsOf = (places: readonly Place[]): string[] => places.flatMap(({ path }) => (path === '' ? [] : [path]))

function bash(places: readonly Place[]): string {
  const steps = stepsOf(places).map(quoted).join(' | ')
  const cases = places.map((place) => {
    const words = wordsOf(place).map(({ word }) => word)
    return `    ${quoted(place.path)}) words=${quoted(words.join(' '))} ;;`
  })
  return `# penstock completion bash: source it, or put it into ~/.local/share/bash-completion/completions/penstock
_penstock() {
  local at='' word words='' current=\${COMP_WORDS[COMP_CWORD]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${steps}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=()
  while IFS='' read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _penstock penstock
`
}

function zsh(places: readonly Place[]): string {
  const steps = stepsOf(places).map(quoted).join('|')
  const cases = places.map((place) => {
    const words = wordsOf(place).map(({ word, description }) => quoted(`${word}:${description}`))
    return `    (${quoted(place.path)}) found=(${words.join(' ')}) ;;`
  })
  return `#compdef penstock
# penstock completion zsh: put it as _penstock into a folder of $fpath
_penstock() {
  local at='' word
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    case "\${at:+$at }$word" in
      (${steps}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  _describe 'penstock' found
  _files
}
compdef _penstock penstock
`
}

function fish(places: readonly Place[]): string {
  const steps = stepsOf(places).map(quoted).join(' ')
  const lines = places.flatMap((place) => {
    const here = quoted(`test (__penstock_at) = "${place.path}"`)
    return [
      ...place.commands.map(
        ({ word, description }) => `--arguments ${quoted(word)} --description ${quoted(description)}`,
      ),
      ...place.options.map(({ word, description }) => {
        const name = word.startsWith('--') ? `--long-option ${word.slice(2)}` : `--short-option ${word.slice(1)}`
        return `${name} --description ${quoted(description)}`
      }),
    ].map((words) => `complete --command penstock --condition ${here} ${words}`)
  })
  return `# penstock completion fish: put it as penstock.fish into ~/.config/fish/completions
function __penstock_at
  set --local at ''
  for word in (commandline --tokens-expanded --cut-at-cursor)[2..]
    set --local next (string trim "$at $word")
    contains -- $next ${steps}; and set at $next
  end
  echo $at
end
${lines.join('\n')}
`
}

/** In single quotes, as bash, zsh and fish alike understand them when a quote is written with a backslash between two. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
