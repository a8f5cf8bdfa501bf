import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { OPCUAServerEndPoint } from 'node-opcua'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { endSlowReaders } from '../../../../src/opcua/hardening/slow-reader.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

let server: Server
let clock: ManualClock
let ended: number[]
let accepted: Socket
let client: Socket
let release: () => void

beforeEach(async () => {
  server = createServer((socket) => {
    accepted = socket
    socket.on('error', () => socket.destroy())
  })
  clock = new ManualClock()
  ended = []
  const endpoint = { _server: server } as unknown as OPCUAServerEndPoint
  release = endSlowReaders(endpoint, clock, (unreadBytes) => ended.push(unreadBytes))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => client.destroy())
  await Promise.all([once(server, 'connection'), once(client, 'connect')])
})
afterEach(() => {
  client.destroy()
  accepted.destroy()
  server.close()
})

describe('a client', () => {
  it('that does not read its answers is disconnected before they fill the memory', async () => {
    client.pause()
    for (let megabytes = 0; megabytes < 32; megabytes++) accepted.write(Buffer.alloc(1024 * 1024))

    await clock.advance(1_000)

    expect(ended).toHaveLength(1)
    expect(ended[0]).toBeGreaterThan(16 * 1024 * 1024)
    expect(accepted.destroyed).toBe(true)
  })

  it('that reads stays connected', async () => {
    client.resume()
    accepted.write(Buffer.alloc(1024 * 1024))
    await vi.waitFor(() => expect(accepted.writableLength).toBe(0))

    await clock.advance(5_000)

    expect(ended).toEqual([])
    expect(accepted.destroyed).toBe(false)
  })

  it('is no longer watched once the server is gone', () => {
    release()

    expect(clock.pendingTimers).toBe(0)
  })
})
