import { readFileSync, writeFileSync } from 'node:fs'
import { decodedText } from '../config/decoded-text.ts'
import { ParsedTexts } from '../config/parsed-texts.ts'
import { exportedTags, type TagSelection } from '../config/tags/export-tags.ts'
import { importedTags } from '../config/tags/import-tags.ts'
import { describeError } from '../core/errors.ts'
import { ClientFailure, ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import { putConfiguration, sayChanges } from './config/configuration-commands.ts'
import type { LocalGateway } from './config/local-gateway.ts'

const LARGEST_FILE = 16 * 1024 * 1024

interface Current {
  readonly id: number
  readonly text: string
}

/** `penstock tags export`: the tags of the configuration that holds, into a file or to the output. */
export async function exportTags(
  gateway: LocalGateway,
  file: string | undefined,
  selection: TagSelection,
  out: Output,
): Promise<number> {
  const { text } = await gateway.ask<Current>('GET', '/configuration')
  const csv = exportedTags(new ParsedTexts().valuesOf(text), selection)
  if (file === undefined) out.line(csv.trimEnd())
  else {
    writeFileSync(file, `\uFEFF${csv}`)
    out.notice(`Rows in ${file}: ${csv.split('\r\n').length - 2}.`)
  }
  return ExitCode.ok
}

export interface TagImportFlags {
  readonly replace?: boolean
  readonly preview?: boolean
  readonly message: string
}

/** `penstock tags import`: makes the tags those of a file, live; or says what that would change. */
export async function importTags(
  gateway: LocalGateway,
  file: string,
  flags: TagImportFlags,
  out: Output,
): Promise<number> {
  const { id, text } = await gateway.ask<Current>('GET', '/configuration')
  const texts = new ParsedTexts()
  const mode = flags.replace ? 'replace' : 'merge'
  const { edits, problems, rows } = importedTags(texts.valuesOf(text), csvOf(file), mode)
  const made = texts.edited(text, edits)
  if (problems.length > 0 || 'problems' in made) {
    const told = problems.map(
      ({ line, column, message }) => `  line ${line}: ${column === undefined ? '' : `${column}: `}${message}`,
    )
    throw new ClientFailure(ExitCode.usage, [`${file} is refused, and nothing is changed.`, ...told].join('\n'))
  }
  out.notice(`Rows in ${file}: ${rows}.`)
  if (!flags.preview) return putConfiguration(gateway, { text: made.text, basedOn: id }, flags.message, out)
  sayChanges(await gateway.ask('POST', '/configuration/check', { text: made.text }), out)
  return ExitCode.ok
}

function csvOf(file: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= LARGEST_FILE) return decodedText(bytes)
  } catch (error) {
    throw new ClientFailure(ExitCode.usage, `${file} cannot be read (${describeError(error)})`)
  }
  throw new ClientFailure(ExitCode.usage, `${file} is larger than ${LARGEST_FILE} bytes: split it`)
}
