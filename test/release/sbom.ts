import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { licencesOf } from './licences.ts'

/** What is used here of CycloneDX 1.5. */
export interface Sbom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly serialNumber: string
  readonly metadata: { readonly component: { readonly name: string; readonly purl: string; readonly type: string } }
  readonly components: readonly {
    readonly 'bom-ref': string
    readonly name: string
    readonly version: string
    readonly purl: string
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
}

/**
 * The packages that run where Penstock does, as CycloneDX. `npm sbom --omit dev` would leave out each that a tool of
 * development needs too, so npm says all of them, and those of the lock file that are no development dependency stay.
 */
export function productionSbom(root: string): Sbom {
  const flags = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only']
  const whole = JSON.parse(
    execFileSync('npm', ['sbom', ...flags], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 100_000_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as Sbom
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Parameters<typeof lockedPackages>[0]
  const wanted = lockedPackages(lock)
  const components = whole.components.filter(({ name, version }) => wanted.has(`${name}@${version}`))
  const { component } = whole.metadata
  const refs = new Set([...components.map((each) => each['bom-ref']), component.purl.replace(/^pkg:npm\//, '')])
  return {
    ...whole,
    // npm names the project after the folder that it is in.
    metadata: { ...whole.metadata, component: { ...component, name: 'penstock' } },
    components,
    dependencies: whole.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  }
}

const lockedPackages = ({ packages }: { readonly packages: Parameters<typeof licencesOf>[0] }): ReadonlySet<string> =>
  new Set(licencesOf(packages, () => undefined).map(({ name, version }) => `${name}@${version}`))

if (import.meta.main) {
  console.log(JSON.stringify(productionSbom(fileURLToPath(new URL('../../', import.meta.url))), null, 2))
}
