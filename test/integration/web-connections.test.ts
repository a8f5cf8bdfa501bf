import { once } from 'node:events'
import { type ClientRequest, createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import { get as getEncrypted } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { ConnectionBound } from '../../src/http/connection-bound.ts'
import { EncryptedPort } from '../../src/http/tls/encrypted-port.ts'
import { makeOwnCertificate } from '../../src/http/tls/own-certificate.ts'
import { recordingLogger } from '../support/opcua-room.ts'

const MOST = 12
const ends: (() => unknown)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Sends a line a few times a second at `/live`, and anything else once. */
const respond: RequestListener = (request, response) => {
  if (request.url !== '/live') {
    request.resume().on('end', () => response.end('well'))
    return
  }
  const cancel = systemClock.every(20, () => response.write('value\n'))
  response.on('close', cancel)
}

/** The web as far as it is connections, with TLS or without. */
async function serve(encrypted: boolean) {
  const { log, logged } = recordingLogger()
  const port = encrypted
    ? new EncryptedPort(makeOwnCertificate(['localhost'], Date.now()), respond, systemClock)
    : undefined
  const server = port?.server ?? createServer(respond)
  new ConnectionBound({ clock: systemClock, log, most: MOST }).guard(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    ;(port ?? server).closeAllConnections()
    server.close()
  })
  const at = { port: (server.address() as AddressInfo).port, agent: false, rejectUnauthorized: false }
  const ask = (path: string, localAddress: string): ClientRequest => {
    const options = { ...at, host: '127.0.0.1', path, localAddress }
    return encrypted ? getEncrypted(options) : get(options)
  }
  const held = () => new Promise<number>((done) => server.getConnections((_error, count) => done(count)))
  return { port: at.port, ask, held, logged }
}

async function dial(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => socket.destroy())
  ends.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

it.each([
  ['with TLS', true],
  ['without TLS', false],
])('whoever opens connections without end takes their own alone: %s', async (_how, encrypted) => {
  const { port, ask, held, logged } = await serve(encrypted)
  const [stream] = (await once(ask('/live', '127.0.0.1'), 'response')) as [IncomingMessage]
  let lines = 0
  stream.on('data', () => lines++)
  const ended = vi.fn()
  stream.on('close', ended)
  const patient = await dial(port, '127.0.0.3')

  const many: Socket[] = []
  for (let n = 0; n < 5 * MOST; n++) {
    const socket = await dial(port, '127.0.0.2')
    // A request that never comes to its end.
    if (!encrypted) socket.write('POST / HTTP/1.1\r\nHost: plant\r\nContent-Length: 100\r\n\r\n{')
    many.push(socket)
  }
  await vi.waitFor(async () => expect(await held()).toBe(MOST))
  await vi.waitFor(() => expect(many.filter(({ destroyed }) => !destroyed)).toHaveLength(MOST - 2))

  const [answer] = (await once(ask('/', '127.0.0.4'), 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(200)
  const before = lines
  await vi.waitFor(() => expect(lines).toBeGreaterThan(before + 2))
  expect(ended).not.toHaveBeenCalled()
  expect(patient.destroyed).toBe(false)
  expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  stream.destroy()
})

it('takes nobody in while something is being answered on every connection, and then goes on', async () => {
  const { ask, held } = await serve(false)
  const streams = await Promise.all(Array.from({ length: MOST }, () => once(ask('/live', '127.0.0.1'), 'response')))
  await expect(once(ask('/', '127.0.0.2'), 'response')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await held()).toBe(MOST)
  ;(streams[0] as [IncomingMessage])[0].destroy()
  await vi.waitFor(async () => expect(await held()).toBe(MOST - 1))
  const [answer] = (await once(ask('/', '127.0.0.2'), 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(200)
  for (const [stream] of streams as [IncomingMessage][]) stream.destroy()
})
