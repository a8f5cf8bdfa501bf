import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Licences, by their SPDX names, that ask for nothing but to be named; a copyleft one is none of them. */
const allowed = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense', 'CC0-1.0', 'BlueOak-1.0.0'],
])

/** Packages that name no licence in their package.json: what somebody has read in their files. Another version is read anew. */
const readByHand: Readonly<Record<string, string>> = {
  'dequeue@1.0.5': 'BSD-2-Clause',
  'humanize@0.0.9': 'MIT',
  'precond@0.2.3': 'MIT',
}

/** A package that is installed where Penstock runs. */
export interface Licensed {
  readonly name: string
  readonly version: string
  /** As the package itself says; undefined: it does not. */
  readonly licence: string | undefined
  readonly isAllowed: boolean
}

interface Locked {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly link?: boolean
}

/**
 * Every package of the lock file that is no development dependency, with its licence: of its package.json where it is
 * installed, otherwise (it is for another platform) of the lock file.
 */
export function licencesOf(
  packages: Readonly<Record<string, Locked>>,
  ownLicence: (path: string) => string | undefined,
): Licensed[] {
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path !== '' && dev !== true && link !== true)
    .map(([path, { version = '?', license }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const licence = ownLicence(path) ?? license ?? readByHand[`${name}@${version}`]
      return { name, version, licence, isAllowed: licence !== undefined && isAllowed(licence) }
    })
}

/** An SPDX expression: of what `OR` joins one is enough, of what `AND` joins all are needed. What is not understood is not allowed. */
export function isAllowed(expression: string): boolean {
  const bare = expression.trim()
  const inner = /^\(([^()]*)\)$/.exec(bare)?.[1]
  if (inner !== undefined) return isAllowed(inner)
  if (/[()]/.test(bare)) return false
  return bare.split(/ OR /).some((one) => one.split(/ AND /).every((each) => allowed.has(each.trim())))
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, unknown>
  const { packages } = read('package-lock.json') as { packages: Record<string, Locked> }
  const found = licencesOf(packages, (path) => {
    const file = join(path, 'package.json')
    const { license } = existsSync(join(root, file)) ? read(file) : {}
    return typeof license === 'string' ? license : undefined
  })
  const counts = new Map<string, number>()
  for (const { licence = 'none' } of found) counts.set(licence, (counts.get(licence) ?? 0) + 1)
  for (const [licence, count] of [...counts].sort(([, one], [, other]) => other - one))
    console.log(`${count}  ${licence}`)
  const refused = found.filter((each) => !each.isAllowed)
  for (const { name, version, licence = 'no licence' } of refused) {
    console.error(`${name}@${version}: ${licence} is not among those that may be delivered; take another package.`)
  }
  if (refused.length > 0) process.exitCode = 1
}
