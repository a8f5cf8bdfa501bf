import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from './generated-files.ts'

/*
 * Writes what is made of the schema: the JSON Schema for editors and the tables of the documentation.
 * `--check` writes nothing and fails where a file is not what it would be.
 */
const check = process.argv.includes('--check')
const root = new URL('../../', import.meta.url)

for (const [path, generate] of Object.entries(generatedFiles)) {
  const file = new URL(path, root)
  const current = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const wanted = generate(current)
  if (current === wanted) continue
  if (check) {
    process.stderr.write(`${path} is not up to date: run node src/config/generate-json-schema.ts\n`)
    process.exitCode = 1
  } else {
    writeFileSync(file, wanted)
    process.stdout.write(`${path} written\n`)
  }
}
