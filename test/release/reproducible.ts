import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a build reads, as the Dockerfile copies it. */
const sources = ['package.json', 'tsconfig.json', 'src', 'addressspace', 'migrations', 'config', 'web']

/** Every file below a folder with its hash, by path. */
export function hashesBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const hashes = files.map(({ parentPath, name }): [string, string] => {
    const path = join(parentPath, name)
    return [path.slice(folder.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')]
  })
  return new Map(hashes.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Paths whose content differs, or that only one of the two has. */
export function differencesOf(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path)).toSorted()
}

/** Builds in a folder of this name, at another hour of another time zone, and answers what came of it. */
function build(root: string, folder: string, timeZone: string): Map<string, string> {
  mkdirSync(folder, { recursive: true })
  for (const path of sources) cpSync(join(root, path), join(folder, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const env = { ...process.env, TZ: timeZone, SOURCE_DATE_EPOCH: '' }
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: folder, env, stdio: 'inherit' })
  return hashesBelow(join(folder, 'dist'))
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'penstock-reproducible-'))
  try {
    const one = build(root, join(folder, 'one'), 'UTC')
    const other = build(root, join(folder, 'another', 'and-deeper'), 'Asia/Kolkata')
    const differences = differencesOf(one, other)
    for (const path of differences) console.error(`dist/${path} is not the same`)
    console.log(`${one.size} files, ${differences.length} of them differ`)
    if (differences.length > 0 || one.size === 0) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
