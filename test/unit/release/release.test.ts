import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isAllowed, licencesOf } from '../../release/licences.ts'
import { notesOf } from '../../release/notes.ts'
import { differencesOf, hashesBelow } from '../../release/reproducible.ts'
import { productionSbom } from '../../release/sbom.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { dev?: boolean; version?: string; license?: string }>
}

describe('licences', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['(BSD-3-Clause AND Apache-2.0)', true],
    ['MIT AND LGPL-2.1-only', false],
    ['GPL-3.0-or-later', false],
    ['AGPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE.txt', false],
    ['UNLICENSED', false],
    ['(MIT OR (GPL-2.0-only AND MIT))', false],
    ['', false],
  ])('%s may be delivered: %s', (expression, expected) => {
    expect(isAllowed(expression)).toBe(expected)
  })

  it('of everything that runs in production may be delivered, and of each it is known', () => {
    const found = licencesOf(lock.packages, () => undefined)
    expect(found.length).toBeGreaterThan(50)
    expect(found.filter((each) => !each.isAllowed)).toEqual([])
  })

  it('a package without one, or whose own says something else than the lock file, is refused; tools of development are not looked at', () => {
    const found = licencesOf(
      {
        '': {},
        'node_modules/none': { version: '1.0.0' },
        'node_modules/liar': { version: '1.0.0', license: 'MIT' },
        'node_modules/a/node_modules/tool': { version: '1.0.0', license: 'GPL-3.0', dev: true },
        'node_modules/dequeue': { version: '9.9.9' },
      },
      (path) => (path.endsWith('liar') ? 'GPL-3.0' : undefined),
    )
    expect(found.map(({ name, licence, isAllowed: may }) => [name, licence, may])).toEqual([
      ['none', undefined, false],
      ['liar', 'GPL-3.0', false],
      ['dequeue', undefined, false],
    ])
  })
})

it('the SBOM is CycloneDX, and has every package that runs in production with version, purl and hash, and no other', () => {
  const sbom = productionSbom(root)
  const component = { name: 'penstock', type: 'application' }
  expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component } })
  expect(Number(sbom.specVersion)).toBeGreaterThanOrEqual(1.5)
  expect(sbom.serialNumber).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
  expect(sbom.metadata.component.purl).toMatch(/^pkg:npm\/penstock@/)
  const wanted = licencesOf(lock.packages, () => undefined).map(({ name, version }) => `${name}@${version}`)
  expect(new Set(sbom.components.map(({ name, version }) => `${name}@${version}`))).toEqual(new Set(wanted))
  for (const { purl, hashes = [] } of sbom.components) {
    expect(purl).toMatch(/^pkg:npm\/.+@.+$/)
    expect(hashes[0]?.content).toMatch(/^[0-9a-f]{64,}$/)
  }
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  const own = sbom.dependencies.find(({ ref }) => ref.startsWith('penstock@'))
  const needed = own?.dependsOn?.map((ref) => ref.slice(0, ref.lastIndexOf('@')))
  expect(needed).toEqual(expect.arrayContaining(Object.keys(dependencies)))
})

describe('two builds', () => {
  it('differ where a file differs or only one has it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-builds-'))
    try {
      for (const build of ['one', 'two']) mkdirSync(join(folder, build, 'inner'), { recursive: true })
      for (const build of ['one', 'two']) writeFileSync(join(folder, build, 'inner', 'same.js'), 'same')
      expect(differencesOf(hashesBelow(join(folder, 'one')), hashesBelow(join(folder, 'two')))).toEqual([])
      writeFileSync(join(folder, 'one', 'a.js'), 'one')
      writeFileSync(join(folder, 'two', 'a.js'), 'two')
      writeFileSync(join(folder, 'two', 'b.js'), 'two')
      expect(differencesOf(hashesBelow(join(folder, 'one')), hashesBelow(join(folder, 'two')))).toEqual([
        'a.js',
        'b.js',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('release notes', () => {
  const changelog =
    '# Changelog\n\n## 1.2.0 (2026-12-01)\n\n### Features\n\n- New.\n\n## 1.1.0 (2026-11-01)\n\n- Old.\n'
  it('are the part of the changelog about the version', () => {
    expect(notesOf(changelog, '1.2.0')).toEqual({ state: '2026-12-01', text: '### Features\n\n- New.' })
    expect(notesOf(changelog, '1.1.0')).toEqual({ state: '2026-11-01', text: '- Old.' })
    expect(notesOf(changelog, '1.3.0')).toBeUndefined()
    expect(notesOf(changelog, '1.1')).toBeUndefined()
  })

  it('the changelog has a part about the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(notesOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)?.text).toContain('### Features')
  })
})
