import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { doctor } from '../../src/cli/doctor.ts'
import { lockDataFolder } from '../../src/store/data-folder-lock.ts'
import { type Identity, makeAuthority, makeIdentity } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { modbusSource, type PlantFolder, s7Source, writePlant } from '../support/gateway.ts'

const tags = (address: string) => [{ key: 'power', address, type: 'UInt16' }]
const hour = 3_600_000

let device: Server
let devicePort: number
let plant: PlantFolder

beforeEach(async () => {
  device = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => device.listen(0, '127.0.0.1', resolve))
  devicePort = (device.address() as { port: number }).port
  plant = await writePlant([modbusSource(devicePort, tags('holding:0'))])
})
afterEach(async () => {
  await new Promise((resolve) => device.close(resolve))
  plant.remove()
})

/** What the doctor says of the plant, and the exit code. */
async function examine(env: Record<string, string> = plant.env, now = Date.now()) {
  const lines: string[] = []
  const output = { line: (text: string) => void lines.push(text), notice: () => undefined }
  const code = await doctor({ config: plant.file, json: true }, env, now, output)
  const { ok, findings } = JSON.parse(lines.join('\n')) as { ok: boolean; findings: Finding[] }
  expect(ok).toBe(code === 0)
  const of = (check: Finding['check']) => findings.filter((finding) => finding.check === check)
  return { code, findings, of }
}

/** Makes the data folder with a certificate and a key. */
function withCertificate({ cert, key }: Identity): { readonly folder: string; readonly keyFile: string } {
  const folder = join(plant.folder, 'data')
  const own = join(folder, 'pki/application/own')
  for (const part of ['certs', 'private']) mkdirSync(join(own, part), { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  writeFileSync(join(own, 'certs/certificate.pem'), cert)
  const keyFile = join(own, 'private/private_key.pem')
  writeFileSync(keyFile, key, { mode: 0o600 })
  return { folder, keyFile }
}

describe('the doctor', () => {
  it('finds a plant in order before its first start, and leaves no trace there', async () => {
    const { code, findings } = await examine()
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(findings.map(({ check }) => check)).toEqual([
      'configuration',
      'secrets',
      'clock',
      'data folder',
      'lock',
      'disk',
      'port',
      'port',
      'host name',
      'certificate',
      'source',
    ])
    expect(existsSync(join(plant.folder, 'data'))).toBe(false)
  })

  it('says the same to people, a line each and a sum at the end', async () => {
    const lines: string[] = []
    const output = { line: (text: string) => void lines.push(text), notice: () => undefined }
    await doctor({ config: plant.file, json: false }, {}, Date.now(), output)
    expect(lines.find((line) => line.startsWith('problem'))).toMatch(
      /^problem {2}secrets {7}The environment variable PENSTOCK_OLGA_PASSWORD.+ is not set\. Set PENSTOCK_OLGA_PASSWORD/,
    )
    expect(lines.at(-1)).toBe('1 problem, 0 warnings')
  })

  it('names each source that cannot be reached, and ends with code 1', async () => {
    const closed = await freePort()
    plant.remove()
    plant = await writePlant([
      modbusSource(devicePort, tags('holding:0')),
      s7Source(closed, tags('DB1,WORD0')),
      { ...modbusSource(closed, tags('holding:0'), { key: 'reserve' }), key: 'spare', disabled: true },
      { key: 'bus', kind: 'modbus', transport: 'rtu', serial: { path: '/dev/no-such-line' }, devices: [] },
    ])
    const { code, of } = await examine()
    expect(code).toBe(1)
    expect(of('source').map(({ state }) => state)).toEqual(['ok', 'problem', 'ok', 'problem'])
    expect(of('source')[1]?.text).toBe(`"cpu" cannot be reached at 127.0.0.1:${closed} (ECONNREFUSED)`)
    expect(of('source')[3]?.text).toContain('/dev/no-such-line')
  })

  it('goes on without secrets, of which it tells none, and refuses one that everybody can read', async () => {
    const file = join(plant.folder, 'password')
    writeFileSync(file, 'a password for tests', { mode: 0o644 })
    const { code, findings, of } = await examine({ PENSTOCK_OLGA_PASSWORD_FILE: file })
    expect(code).toBe(1)
    expect(of('secrets')).toMatchObject([{ state: 'problem', text: expect.stringContaining('Everybody on this') }])
    chmodSync(file, 0o600)
    expect((await examine({ PENSTOCK_OLGA_PASSWORD_FILE: file })).of('secrets')).toMatchObject([{ state: 'ok' }])
    expect(JSON.stringify(findings)).not.toContain('a password for tests')
    expect((await examine({})).of('secrets')).toMatchObject([
      { state: 'problem', mend: expect.stringContaining('Set ') },
    ])
  })

  it('says everything that is wrong with a configuration', async () => {
    writeFileSync(plant.file, plant.text.replace('"unitId": 1', '"unitId": 999').replace('"Observer"', '"Boss"'))
    const { code, of } = await examine()
    expect(code).toBe(1)
    expect(of('configuration').map(({ state }) => state)).toEqual(['problem', 'problem'])
  })

  it('tells a port that another program has from that of a gateway on the same data folder', async () => {
    plant.remove()
    plant = await writePlant([])
    writeFileSync(plant.file, plant.text.replace(String(plant.httpPort), String(devicePort)))
    expect((await examine()).of('port')).toMatchObject([{ state: 'ok' }, { state: 'problem' }])
    const lock = lockDataFolder(join(plant.folder, 'data'))
    const { of } = await examine()
    lock.release()
    expect(of('lock')).toMatchObject([{ text: 'A gateway runs on it' }])
    expect(of('port')).toMatchObject([{ state: 'warning' }, { state: 'ok' }])
  })

  it('looks at the names and the end of the certificate', async () => {
    const authority = makeAuthority('Plant CA')
    withCertificate(makeIdentity(authority, ['elsewhere'], 'now'))
    const [lacking] = (await examine()).of('certificate')
    expect(lacking).toMatchObject({ state: 'warning', mend: expect.stringContaining('issuer') })
    expect(lacking?.text).toContain('it lacks the names localhost')
    withCertificate(makeIdentity(authority, ['localhost'], 'no longer'))
    expect((await examine()).of('certificate')).toMatchObject([
      { state: 'problem', text: expect.stringContaining('expired') },
    ])
    withCertificate(makeIdentity(authority, ['localhost'], 'not yet'))
    expect((await examine()).of('certificate')).toMatchObject([
      { state: 'problem', text: expect.stringContaining('clock') },
    ])
    withCertificate(authority)
    expect((await examine()).of('certificate')).toMatchObject([
      { mend: expect.stringContaining('next start replaces') },
    ])
  })

  it('looks at who can read the data folder and the key, and changes neither', async () => {
    const { folder, keyFile } = withCertificate(makeAuthority('localhost'))
    expect((await examine()).of('permissions')).toMatchObject([{ state: 'ok' }])
    chmodSync(folder, 0o755)
    chmodSync(keyFile, 0o644)
    const before = readFileSync(keyFile, 'utf8')
    const { code, of } = await examine()
    expect(code).toBe(1)
    expect(of('permissions').map(({ state }) => state)).toEqual(['warning', 'problem'])
    chmodSync(keyFile, 0o640)
    expect((await examine()).of('permissions').map(({ state }) => state)).toEqual(['warning', 'warning'])
    expect(readFileSync(keyFile, 'utf8')).toBe(before)
    expect(statSync(keyFile).mode & 0o777).toBe(0o640)
  })

  it('does not believe a clock that lost its battery, and takes a folder for what it is', async () => {
    expect((await examine(plant.env, 12 * hour)).of('clock')).toMatchObject([{ state: 'problem' }])
    writeFileSync(join(plant.folder, 'data'), 'a file')
    expect((await examine()).of('data folder')).toMatchObject([
      { state: 'problem', text: expect.stringContaining('no folder') },
    ])
  })

  it('warns of a host name that nobody can resolve', async () => {
    writeFileSync(plant.file, plant.text.replace('"hostname": "localhost"', '"hostname": "no-such-host.invalid"'))
    expect((await examine()).of('host name')).toMatchObject([{ state: 'warning' }])
  })
})
