import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ReleaseNotes {
  /** What stands behind the version in its heading: the date, or that it is not finished. */
  readonly state: string
  readonly text: string
}

/** The part of the changelog about a version; undefined: there is none. */
export function notesOf(changelog: string, version: string): ReleaseNotes | undefined {
  const [, ...parts] = changelog.split(/^## /m)
  const part = parts.find((each) => each.split(/\s/, 1)[0] === version)
  if (part === undefined) return undefined
  const [heading = '', ...lines] = part.split('\n')
  return {
    state: heading
      .slice(version.length)
      .trim()
      .replace(/^\((.*)\)$/, '$1'),
    text: lines.join('\n').trim(),
  }
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const notes = notesOf(read('CHANGELOG.md'), version)
  if (!notes || !/^\d{4}-\d{2}-\d{2}$/.test(notes.state)) {
    const found = notes ? `says "${notes.state}"` : 'has no such heading'
    console.error(`CHANGELOG.md ${found} for ${version}: it needs "## ${version} (YYYY-MM-DD)".`)
    process.exitCode = 1
  }
  console.log(notes?.text ?? '')
}
