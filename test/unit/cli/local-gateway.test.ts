import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LocalGateway } from '../../../src/cli/config/local-gateway.ts'
import { localTokenFile } from '../../../src/http/local-token.ts'

let folder: string
let config: string
let server: Server

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-local-'))
  config = join(folder, 'plant.yaml')
  server = createServer((request, response) => response.end(JSON.stringify({ said: request.headers.authorization })))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  writeFileSync(config, JSON.stringify({ gateway: { data: folder }, http: { port }, sources: [] }))
  writeFileSync(join(folder, localTokenFile), 'secret\n')
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

it('a gateway is found at the HTTP port of its configuration', async () => {
  const gateway = new LocalGateway({ config }, {})
  expect(await gateway.ask('GET', '/')).toEqual({ said: 'Bearer secret' })
})

it('the environment decides the port as it does for the gateway itself', async () => {
  const { port } = server.address() as AddressInfo
  writeFileSync(config, JSON.stringify({ gateway: { data: folder }, http: { port: 1 }, sources: [] }))
  const gateway = new LocalGateway({ config }, { PENSTOCK_HTTP_PORT: String(port) })
  expect(await gateway.ask('GET', '/')).toEqual({ said: 'Bearer secret' })
})
