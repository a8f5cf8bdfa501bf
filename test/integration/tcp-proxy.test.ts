import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TcpProxy, type TcpWeather } from '../support/tcp-proxy.ts'

let server: Server
let atServer: Socket[]
let proxy: TcpProxy
const ends: Socket[] = []

beforeEach(async () => {
  atServer = []
  server = createServer((socket) => {
    atServer.push(socket)
    // A connection that is reset says so; the tests look at it from the client.
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await TcpProxy.start((server.address() as AddressInfo).port)
})

afterEach(async () => {
  for (const socket of ends.splice(0)) socket.destroy()
  await proxy.close()
  for (const socket of atServer) socket.destroy()
  server.close()
})

interface Talk {
  readonly socket: Socket
  heard: string
  /** In how many pieces it came. */
  pieces: number
  end: string | undefined
}

async function talk(weather: TcpWeather = {}): Promise<Talk> {
  proxy.weather = weather
  const socket = connect(proxy.port, '127.0.0.1')
  ends.push(socket)
  const heard: Talk = { socket, heard: '', pieces: 0, end: undefined }
  socket.on('data', (data) => {
    heard.heard += data.toString()
    heard.pieces++
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    heard.end ??= error.code
  })
  socket.on('end', () => {
    heard.end ??= 'FIN'
  })
  await once(socket, 'connect')
  return heard
}

const heard = (talk: Talk) => expect.poll(() => talk.heard, { timeout: 5_000 })

describe('the network between', () => {
  it('passes everything on in both directions', async () => {
    const one = await talk()
    one.socket.write('a')
    await heard(one).toBe('a')
    one.socket.write('b')
    await heard(one).toBe('ab')
    one.socket.end()
    await expect.poll(() => proxy.connections).toBe(0)
  })

  it.each([
    ['RST', 'ECONNRESET'],
    ['FIN', 'FIN'],
  ] as const)('that is cut by %s ends what is open, and takes new connections', async (how, end) => {
    const one = await talk()
    one.socket.write('a')
    await heard(one).toBe('a')
    proxy.cut(how)
    await expect.poll(() => one.end).toBe(end)
    const two = await talk()
    two.socket.write('b')
    await heard(two).toBe('b')
    expect(proxy.accepted).toBe(2)
  })

  it('that refuses lets the open connections go on, and accepts on the same port later', async () => {
    const { port } = proxy
    const one = await talk()
    one.socket.write('a')
    await heard(one).toBe('a')
    await proxy.refuse()
    const refused = connect(port, '127.0.0.1')
    await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    one.socket.write('b')
    await heard(one).toBe('ab')
    await proxy.accept()
    expect(proxy.port).toBe(port)
    const two = await talk()
    two.socket.write('c')
    await heard(two).toBe('c')
  })

  it('that is a black hole swallows all and ends nothing, and what it swallowed is lost', async () => {
    const one = await talk()
    one.socket.write('a')
    await heard(one).toBe('a')
    proxy.weather = { blackHole: true }
    one.socket.write('b')
    const two = await talk({ blackHole: true })
    two.socket.write('c')
    two.socket.end()
    await expect.poll(() => atServer.length).toBe(2)
    proxy.weather = {}
    const three = await talk()
    three.socket.write('d')
    await heard(three).toBe('d')
    one.socket.write('e')
    three.socket.write('f')
    await heard(three).toBe('df')
    expect([one.heard, two.heard, one.end, two.end]).toEqual(['a', '', undefined, undefined])
    expect(atServer.map(({ readableEnded }) => readableEnded)).toEqual([false, false, false])
  })

  it('that is slow keeps the order, and brings all of it', async () => {
    const one = await talk({ delayMs: 30, bytesPerSecond: 2_000 })
    const long = 'x'.repeat(200)
    one.socket.write(`1${long}`)
    one.socket.write(`2${long}`)
    one.socket.end('3')
    await heard(one).toBe(`1${long}2${long}3`)
    await expect.poll(() => one.end).toBe('FIN')
  })

  it('that buffers brings many pieces as one burst', async () => {
    const one = await talk({ burstMs: 500 })
    for (const piece of ['a', 'b', 'c', 'd']) {
      one.socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await heard(one).toBe('abcd')
    expect(one.pieces).toBe(1)
  })

  it('that cuts idle connections leaves those alone over which something goes', async () => {
    const idle = await talk({ idleCutMs: 1_000 })
    const busy = await talk({ idleCutMs: 1_000 })
    await expect
      .poll(
        () => {
          busy.socket.write('.')
          return idle.end
        },
        { timeout: 20_000, interval: 50 },
      )
      .toBe('FIN')
    expect(busy.end).toBeUndefined()
  })
})
