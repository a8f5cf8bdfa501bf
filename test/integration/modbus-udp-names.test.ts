import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { PenstockError } from '../../src/core/errors.ts'
import { NameAddresses } from '../../src/sources/modbus/transport/name-addresses.ts'
import { openUdp } from '../../src/sources/modbus/transport/udp.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Sends back what comes, if it is not mute. Answers its port. */
async function echo(address: string, port: number, mute = false): Promise<number> {
  const server = createSocket('udp4')
  server.on('message', (bytes, from) => mute || server.send(bytes, from.port, from.address))
  server.bind(port, address)
  await once(server, 'listening')
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const named = (...addresses: string[]) =>
  new NameAddresses(async () => addresses.map((address) => ({ address, family: 4 })))

/** Opens a way to `plc`, asks, and closes it: what came, or why nothing did. */
async function asked(addresses: NameAddresses, port: number): Promise<string> {
  const { signal } = new AbortController()
  const wire = await openUdp({ host: 'plc', port, timeoutMs: 1_000, clock: systemClock, signal, addresses })
  const heard = new Promise<string>((resolve) => {
    wire.listen({ data: (bytes) => resolve(bytes.toString()), lost: (cause: PenstockError) => resolve(cause.message) })
    setTimeout(() => resolve('silence'), 100)
  })
  wire.write(Buffer.from('hello'))
  const answer = await heard
  await wire.close()
  return answer
}

describe('a device that is asked by datagrams at a name with several addresses', () => {
  it('is asked at the next one where nobody is at the first, and where it is mute', async () => {
    const port = await echo('127.0.0.1', 0)
    await echo('127.0.0.3', port, true)
    const addresses = named('127.0.0.2', '127.0.0.3', '127.0.0.1')
    expect(await asked(addresses, port)).toMatch(/^plc:\d+ refuses datagrams/)
    expect(await asked(addresses, port)).toBe('silence')
    expect(await asked(addresses, port)).toBe('hello')
    expect(await asked(addresses, port)).toBe('hello')
  })

  it('is asked at all of them again where nobody answered at any', async () => {
    const addresses = named('127.0.0.2', '127.0.0.3')
    const port = await echo('127.0.0.1', 0)
    expect(await asked(addresses, port)).toMatch(/refuses datagrams/)
    expect(await asked(addresses, port)).toMatch(/refuses datagrams/)
    await echo('127.0.0.2', port)
    expect(await asked(addresses, port)).toBe('hello')
  })

  it('is resolved anew each time', async () => {
    const port = await echo('127.0.0.1', 0)
    let now = '127.0.0.2'
    const addresses = new NameAddresses(async () => [{ address: now, family: 4 }])
    expect(await asked(addresses, port)).toMatch(/refuses datagrams/)
    now = '127.0.0.1'
    expect(await asked(addresses, port)).toBe('hello')
  })

  it('is named in the error where it has no address', async () => {
    const { signal } = new AbortController()
    const options = { host: 'plc', port: 502, timeoutMs: 1_000, clock: systemClock, signal }
    await expect(openUdp({ ...options, addresses: named() })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('plc cannot be resolved'),
    })
  })
})
