import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { decodedText } from '../config/decoded-text.ts'
import { importPlant, LARGEST_IMPORT, type PlantImport } from '../config/imports/import-plant.ts'
import { type ImportFormat, type ImportNote, UnreadableImport } from '../config/imports/imported.ts'
import { describeError } from '../core/errors.ts'
import { ClientFailure, ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import { putConfiguration } from './config/configuration-commands.ts'
import type { LocalGateway } from './config/local-gateway.ts'
import { configurationText } from './configuration.ts'
import { ImportJudge } from './import-judge.ts'
import { printable } from './printable.ts'

export interface ImportPlantFlags {
  readonly from: ImportFormat
  readonly device?: string
  readonly zeroBased: boolean
  readonly zeroBasedBits: boolean
  /** A configuration file in place of the gateway that runs. */
  readonly into?: string
  readonly apply?: boolean
  readonly message: string
  readonly json?: boolean
}

/** Where the plant goes: what is there now, and how it becomes another. */
interface Target {
  readonly text: string
  readonly put: (text: string) => Promise<void>
}

/** With which a configuration begins that is none yet. */
const BEGINNING = 'sources: []\n'

/**
 * `penstock import-plant`: says what a file of another product would bring, and what of it is left out; with `--apply` it is
 * part of the configuration then. `gateway` is asked only where no file is named.
 */
export async function importPlantFile(
  gateway: () => LocalGateway,
  file: string,
  flags: ImportPlantFlags,
  out: Output,
): Promise<number> {
  const target = flags.into === undefined ? await gatewayTarget(gateway(), flags, out) : fileTarget(flags.into, out)
  const judge = new ImportJudge()
  const made = await importOf({ text: target.text, file: fileText(file), flags, judge })
  const changes = judge.changes(target.text, made.text)
  if (flags.json) out.line(JSON.stringify({ counts: made.counts, changes, notes: made.notes }))
  else say(made, changes, out)
  if (made.edits.length === 0) out.notice('It is as it was.')
  else if (flags.apply) await target.put(made.text)
  else out.notice('Nothing is changed yet: --apply does it.')
  return ExitCode.ok
}

interface Importing {
  readonly text: string
  readonly file: string
  readonly flags: ImportPlantFlags
  readonly judge: ImportJudge
}

async function importOf({ text, file, flags, judge }: Importing): Promise<PlantImport> {
  const { from: format, device, zeroBased, zeroBasedBits } = flags
  const help = { texts: judge.texts, judge: judge.judge, pause: () => turn() }
  try {
    return await importPlant({ text, file, format, device, zeroBased, zeroBasedBits }, help)
  } catch (error) {
    if (!(error instanceof UnreadableImport)) throw error
    throw new ClientFailure(ExitCode.usage, printable(error.message))
  }
}

function fileText(file: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= LARGEST_IMPORT) return decodedText(bytes)
  } catch (error) {
    throw new ClientFailure(ExitCode.usage, `${file} cannot be read (${describeError(error)})`)
  }
  throw new ClientFailure(ExitCode.usage, `${file} is larger than ${LARGEST_IMPORT} bytes: import channel by channel`)
}

function fileTarget(into: string, out: Output): Target {
  return {
    text: existsSync(into) ? configurationText(into) : BEGINNING,
    put: async (text) => {
      writeFileSync(into, text)
      out.notice(`Written to ${into}.`)
    },
  }
}

async function gatewayTarget(gateway: LocalGateway, flags: ImportPlantFlags, out: Output): Promise<Target> {
  const { id, text } = await gateway.ask<{ id: number; text: string }>('GET', '/configuration')
  return {
    text,
    put: async (changed) => {
      const quiet: Output = { ...out, line: () => undefined }
      await putConfiguration(gateway, { text: changed, basedOn: id }, flags.message, quiet)
    },
  }
}

const words: Readonly<Record<ImportNote['kind'], string>> = { leftOut: 'left out', changed: 'changed', note: 'note' }

function say({ counts, notes }: PlantImport, changes: readonly string[], out: Output): void {
  for (const each of changes) out.line(printable(each))
  for (const { kind, at, line, message } of notes)
    out.line(printable(`${words[kind]}: ${line === undefined ? '' : `line ${line}, `}${at}: ${message}`))
  const { sources, devices, tags, commands, kept } = counts
  out.notice(`Sources: ${sources}, devices: ${devices}, tags: ${tags}, commands: ${commands}; there already: ${kept}.`)
  const left = notes.filter(({ kind }) => kind === 'leftOut').length
  if (left > 0) out.notice(`Left out: ${left}, see above.`)
}
