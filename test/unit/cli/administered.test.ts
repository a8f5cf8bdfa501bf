import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { gatewayAddress } from '../../../src/cli/gateway/address.ts'
import { certificates } from '../../../src/cli/security/certificates.ts'
import { user } from '../../../src/cli/security/user.ts'

it('users and certificates are listed of a data folder that is named, with no configuration in reach', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-administered-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const lines: string[] = []
  const out = { line: (text: string) => void lines.push(text), notice: () => undefined }
  const flags = { config: join(folder, 'none.yaml'), data: join(folder, 'data') }
  const input = { env: {}, stdin: process.stdin, stderr: process.stderr }

  expect(await certificates({ action: 'list' }, flags, input, out)).toBe(0)
  expect(await user({ action: 'list' }, flags, input, out)).toBe(0)

  expect(lines).toContain('There are no certificates yet.')
})

it('a gateway is asked at the port that the configuration names, and at 8080 where there is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-port-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'plant.yaml')

  const urlOf = () => gatewayAddress({ config: file }, {}).url.origin
  expect(urlOf()).toBe('http://127.0.0.1:8080')
  writeFileSync(file, 'http: { port: 8099 }\nsources: []')
  expect(urlOf()).toBe('http://127.0.0.1:8099')
})
