import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager } from 'node-opcua'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { trustOnFirstUse } from '../../../../src/cli/client/known-servers.ts'

const endpoint = 'opc.tcp://gateway.plant.example:4840/penstock'

let folder: string
let notices: string[]
const out = { line: () => undefined, notice: (text: string) => notices.push(text) }

/** Two certificates of one key, and one of another. */
let first: Buffer
let renewed: Buffer
let stranger: Buffer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-known-'))
  const stores = ['server', 'stranger'].map(
    (name) => new OPCUACertificateManager({ rootFolder: join(folder, name), disableFileWatchers: true }),
  ) as [OPCUACertificateManager, OPCUACertificateManager]
  const make = async (store: OPCUACertificateManager, name: string) => {
    await store.initialize()
    const outputFile = join(folder, `${name}.pem`)
    const of = {
      applicationUri: 'urn:penstock:test',
      dns: [name],
      subject: '/CN=Test',
      startDate: new Date(),
      validity: 9,
    }
    await store.createSelfSignedCertificate({ ...of, outputFile })
    return readFile(outputFile)
  }
  first = await make(stores[0], 'first')
  renewed = await make(stores[0], 'renewed')
  stranger = await make(stores[1], 'stranger')
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  notices = []
  await rm(join(folder, 'known-servers.json'), { force: true })
})

it('a server is trusted at the first connection, with words, and then without', async () => {
  await trustOnFirstUse(folder, endpoint, first, out)
  await trustOnFirstUse(folder, endpoint, first, out)

  expect(notices).toEqual([expect.stringMatching(/^Trusting the key of opc\.tcp:.* \(SHA-256 [0-9a-f]{64}\)/)])
})

it('a server that renewed its certificate with the same key is the same server', async () => {
  await trustOnFirstUse(folder, endpoint, first, out)
  await trustOnFirstUse(folder, endpoint, renewed, out)

  expect(notices).toHaveLength(1)
})

it('a server with another key is refused, also the next time', async () => {
  await trustOnFirstUse(folder, endpoint, first, out)

  for (let time = 0; time < 2; time++) {
    await expect(trustOnFirstUse(folder, endpoint, stranger, out)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('another key than before'),
    })
  }
})

it('a file of known servers that cannot be read trusts nobody', async () => {
  await writeFile(join(folder, 'known-servers.json'), '{"opc')

  await expect(trustOnFirstUse(folder, endpoint, first, out)).rejects.toMatchObject({ exitCode: 4 })
})
