import { readdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, release, totalmem, uptime } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Environment } from '../../config/environment.ts'
import { looksSecret } from '../../config/finding.ts'
import { isGroup } from '../../config/raw.ts'
import { keptSecretsFolder } from '../../config/secrets.ts'
import { describeError } from '../../core/errors.ts'
import { localTokenFile } from '../../http/local-token.ts'
import { version } from '../../version.ts'

const MOST_FILES = 2_000

/** The program and the machine, as of now. */
export const aboutMachine = (at: number) => ({
  penstock: version,
  madeAt: new Date(at).toISOString(),
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  node: process.version,
  platform: `${process.platform} ${release()} ${process.arch}`,
  processors: availableParallelism(),
  load: loadavg(),
  memory: {
    totalBytes: totalmem(),
    freeBytes: freemem(),
    limitBytes: memoryLimit(),
    process: process.memoryUsage(),
  },
  machineUpSeconds: Math.round(uptime()),
  processUpSeconds: Math.round(process.uptime()),
})

/** What the process may have of memory (cgroup); null: as much as there is. */
export function memoryLimit(): number | null {
  const limit = process.constrainedMemory()
  // Without a limit the system answers with 0, or with more than any machine has.
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit : null
}

/** Every file below the data folder: its size and when it was written, never what stands in it. */
export function dataFiles(folder: string): object[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return entries.slice(0, MOST_FILES).map(({ parentPath, name }) => {
    const path = join(parentPath, name)
    const found = statSync(path, { throwIfNoEntry: false })
    return {
      file: path.slice(folder.length).replace(/^[/\\]/, ''),
      bytes: found?.size ?? null,
      mode: found ? (found.mode & 0o777).toString(8).padStart(4, '0') : null,
      writtenAt: found?.mtime.toISOString() ?? null,
    }
  })
}

/** The configuration without comments, and without what stands where a secret could. */
export function maskedConfiguration(text: string): string {
  try {
    return stringify(masked(parse(text)), { lineWidth: 0 })
  } catch (error) {
    // What is no YAML cannot be looked through; the message would show a part of it.
    const name = error instanceof Error ? error.name : 'an error'
    return `# The configuration cannot be read as YAML (${name}), and is left out; penstock check-config says more.\n`
  }
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked)
  if (!isGroup(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, looksSecret(name) ? '[hidden]' : masked(inner)]),
  )
}

/** Everything that must not be shown and that can be known: of the environment, and of files in the data folder. */
export function secretsAround(dataFolder: string, env: Environment): string[] {
  const variables = Object.entries(env).filter(([name]) =>
    /PASSW|SECRET|TOKEN|API_?KEY|CREDENTIAL|_KEY(_FILE)?$/i.test(name),
  )
  const given = variables.flatMap(([name, value = '']) => (name.endsWith('_FILE') ? contentOf(value) : [value]))
  const kept = filesOf(join(dataFolder, keptSecretsFolder), () => true)
  const keys = filesOf(join(dataFolder, 'pki'), (folder) => /[/\\]private$/.test(folder))
  return [...given, ...contentOf(join(dataFolder, localTokenFile)), ...kept, ...keys]
}

function filesOf(folder: string, isWanted: (parentPath: string) => boolean): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && isWanted(entry.parentPath))
      .flatMap(({ parentPath, name }) => contentOf(join(parentPath, name)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new Error(
      `The secrets of the data folder cannot be looked up, so that nothing can be shown: ${describeError(error)}`,
    )
  }
}

/** What cannot be read cannot be shown by accident either. */
function contentOf(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8')]
  } catch {
    return []
  }
}
