import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** What the Dockerfile does, on a clean tree with the packages of this one, as no container engine runs here. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
/** The paths that a stage copies: of the repository, or of the stage before. */
const copied = (from: 'repository' | 'build'): string[] =>
  [...dockerfile.matchAll(/^COPY (?:--from=build )?(.+) \S+$/gm)]
    .filter(([line]) => line.includes('--from=build') === (from === 'build'))
    .flatMap(([, paths = '']) => paths.split(' '))
    .map((path) => path.replace('/app/', ''))

let folder: string
const built = () => join(folder, 'build')
const image = () => join(folder, 'run')
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-image-'))
  for (const made of [built(), image()]) mkdirSync(made)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the image builds of what the Dockerfile copies, and what it takes along runs', { timeout: 180_000 }, async () => {
  for (const path of copied('repository')) cpSync(join(root, path), join(built(), path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(built(), 'node_modules'))
  await run('npm', ['run', '--silent', 'build'], { cwd: built() })

  for (const path of copied('build').filter((each) => each !== 'node_modules')) {
    cpSync(join(built(), path), join(image(), path), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(image(), 'node_modules'))
  const penstock = async (...given: string[]) => {
    const env = { ...process.env, PENSTOCK_OPERATOR_PASSWORD: 'a password for tests', PENSTOCK_LORA_API_KEY: 'key' }
    return (await run(process.execPath, ['dist/cli.js', ...given], { cwd: image(), env })).stdout
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(await penstock('--version')).toBe(`${version}\n`)
  expect(await penstock('check-config', 'config/penstock.example.yaml')).toContain('is in order')
  expect(readFileSync(join(image(), 'dist', 'web', 'index.html'), 'utf8')).toContain('<div id="root">')
})
