import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager } from 'node-opcua'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { MAX_REJECTED, RejectedCertificates } from '../../../src/opcua/rejected-certificates.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

let root: string
let folder: string
let real: Buffer
let clock: ManualClock
let logged: ReturnType<typeof recordingLogger>['logged']
let rejected: RejectedCertificates

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'penstock-rejected-'))
  folder = join(root, 'rejected')
  const store = new OPCUACertificateManager({ rootFolder: join(root, 'client'), disableFileWatchers: true })
  await store.initialize()
  const outputFile = join(root, 'client.pem')
  const of = { applicationUri: 'urn:scada', dns: [], subject: '/CN=Scada\\/..\\/1', startDate: new Date(), validity: 9 }
  await store.createSelfSignedCertificate({ ...of, outputFile })
  real = new X509Certificate(await readFile(outputFile)).raw
})
afterAll(() => rm(root, { recursive: true, force: true }))
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  clock = new ManualClock()
  const recording = recordingLogger()
  logged = recording.logged
  rejected = new RejectedCertificates({ folder, clock, log: recording.log })
})

/** What a stranger sends; only its bytes matter here. */
const stranger = (number: number) => Buffer.from(`stranger ${number}`)
const files = () => readdir(folder)

it('the certificate of a refused client is kept as PEM under its name, and the log says where and how to trust it', async () => {
  await rejected.keep(real)

  const [name = ''] = await files()
  expect(name).toMatch(/^Scada_?[._1]*\[[0-9a-f]{40}\]\.pem$/)
  expect(new X509Certificate(await readFile(join(folder, name))).raw).toEqual(real)
  const [thumbprint] = /[0-9a-f]{40}/.exec(name) ?? []
  expect(logged).toEqual([
    expect.objectContaining({
      level: 'warn',
      fields: { file: join(folder, name), rejected: 1, thumbprint },
      message: expect.stringContaining(`penstock certificates trust ${thumbprint}`),
    }),
  ])
})

it('of ever new ones the newest hundred are kept, and a line a minute is logged', async () => {
  for (let number = 0; number < 3 * MAX_REJECTED; number++) {
    await rejected.keep(stranger(number))
    await clock.advance(500)
  }

  expect(await files()).toHaveLength(MAX_REJECTED)
  const texts = await Promise.all((await files()).map((name) => readFile(join(folder, name), 'utf8')))
  const kept = (number: number) => texts.some((text) => text.includes(stranger(number).toString('base64')))
  expect(kept(3 * MAX_REJECTED - 1)).toBe(true)
  expect(kept(0)).toBe(false)
  expect(logged.map(({ fields }) => fields.rejected)).toEqual([1, 121, 241])
})

it('one that is shown again counts as new', async () => {
  await rejected.keep(real)
  for (let number = 0; number < 2 * MAX_REJECTED; number++) {
    await clock.advance(1_000)
    await rejected.keep(stranger(number))
    if (number % 50 === 0) await rejected.keep(real)
  }

  expect((await files()).filter((name) => name.startsWith('Scada'))).toHaveLength(1)
})

it('one that an operator moves away is not put back by the next attempt, and one that is deleted is after a while', async () => {
  await rejected.keep(real)
  const [name = ''] = await files()
  await rm(join(folder, name))

  await rejected.keep(real)
  expect(await files()).toEqual([])
  await clock.advance(10_000)
  await rejected.keep(real)
  expect(await files()).toEqual([name])
})

it('a flood costs no more than a few files a second', async () => {
  await Promise.all(Array.from({ length: 1_000 }, (_none, number) => rejected.keep(stranger(number))))
  expect(await files()).toHaveLength(20)

  await clock.advance(1_000)
  await rejected.keep(real)
  expect(await files()).toHaveLength(21)
})

it('a folder that is already too full is emptied, of certificates alone', async () => {
  for (let number = 0; number < 150; number++) await writeFile(join(folder, `${number}.pem`), '')
  await writeFile(join(folder, 'notes.txt'), 'who is who')

  await rejected.prune()

  expect(await files()).toHaveLength(MAX_REJECTED + 1)
  expect(await files()).toContain('notes.txt')
})

it('a folder that cannot be written refuses the client all the same, and is told', async () => {
  await rm(folder, { recursive: true })
  await writeFile(folder, 'not a folder')

  await rejected.keep(real)

  expect(logged).toEqual([expect.objectContaining({ level: 'error' })])
  await rm(folder)
})
