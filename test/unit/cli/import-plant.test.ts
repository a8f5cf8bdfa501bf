import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientFailure, ExitCode } from '../../../src/cli/client/failure.ts'
import type { LocalGateway } from '../../../src/cli/config/local-gateway.ts'
import { type ImportPlantFlags, importPlantFile } from '../../../src/cli/import-plant.ts'
import { kepDevice, kepTag, TCP } from '../config/imports/importing.ts'

const DEVICE = JSON.stringify({
  'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': TCP,
  ...kepDevice('Meter', '<10.0.0.5>.1', [kepTag('Level', '400001', 5), kepTag('Odd\u001b[2J', 'nowhere', 5)]),
})

let folder: string
let lines: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-import-'))
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const out = { line: (text: string) => lines.push(text), notice: (text: string) => lines.push(text) }
const noGateway = (): LocalGateway => {
  throw new ClientFailure(ExitCode.unreachable, 'nobody is asked')
}
function run(file: string, flags: Partial<ImportPlantFlags> = {}) {
  const path = join(folder, 'file')
  writeFileSync(path, file)
  const defaults = { from: 'kepware-json', zeroBased: true, zeroBasedBits: true, message: '' } as const
  return importPlantFile(noGateway, path, { ...defaults, into: join(folder, 'plant.yaml'), ...flags }, out)
}

describe('penstock import-plant', () => {
  it('says what would change and what is left out, and writes nothing before it is told to', async () => {
    expect(await run(DEVICE)).toBe(0)
    expect(lines).toEqual([
      'sources/meter: added',
      'left out: Meter.Odd\\x1b[2J: "nowhere" is no address of a Modbus table, such as 400001, 400001.3 or 400001.20H.',
      'Sources: 1, devices: 1, tags: 1, commands: 0; there already: 0.',
      'Left out: 1, see above.',
      'Nothing is changed yet: --apply does it.',
    ])
    expect(existsSync(join(folder, 'plant.yaml'))).toBe(false)
  })

  it('makes a file of it, and changes nothing more the second time', async () => {
    await run(DEVICE, { apply: true })
    expect(readFileSync(join(folder, 'plant.yaml'), 'utf8')).toContain('address: "400001"')
    lines.length = 0
    await run(DEVICE, { apply: true, json: true })
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ changes: [], counts: { kept: 1 }, notes: [{ kind: 'leftOut' }] })
    expect(lines.at(-1)).toBe('It is as it was.')
  })

  it('refuses what is no such file, and what is not there', async () => {
    await expect(run('{', {})).rejects.toMatchObject({ exitCode: ExitCode.usage })
    await expect(run('x', { from: 'kepware-csv' })).rejects.toThrow(/names no device/)
    const missing = importPlantFile(
      noGateway,
      join(folder, 'none'),
      { from: 'opcgw', zeroBased: true, zeroBasedBits: true, message: '', into: 'x' },
      out,
    )
    await expect(missing).rejects.toMatchObject({ exitCode: ExitCode.usage })
  })
})
