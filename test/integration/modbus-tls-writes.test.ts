import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { StatusCode } from '../../src/core/status-code.ts'
import { makeAuthority, makeIdentity } from '../support/certificates.ts'
import { device, source, tag } from '../support/modbus-plant.ts'
import { WritableServer } from '../support/modbus-writable-server.ts'
import { tlsInFrontOf } from '../support/serial-pair.ts'
import { WritingSource } from '../support/writing-source.ts'

/** Writes through TLS, ended by socat, which demands our certificate, to a device that counts what it is told. */
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function begin(window: number): Promise<{ server: WritableServer; writing: WritingSource }> {
  const authority = makeAuthority('Plant CA')
  const [theirs, ours] = [
    makeIdentity(authority, ['gateway.plant', '127.0.0.1']),
    makeIdentity(authority, ['penstock']),
  ]
  const folder = await mkdtemp(join(tmpdir(), 'penstock-tls-'))
  ends.push(() => rm(folder, { recursive: true }))
  const at = (name: string) => join(folder, name)
  const contents = {
    'server.pem': theirs.cert + theirs.key,
    'ca.pem': authority.cert,
    'own.pem': ours.cert,
    'own.key': ours.key,
  }
  for (const [name, content] of Object.entries(contents)) await writeFile(at(name), content, { mode: 0o600 })

  const server = await WritableServer.start()
  ends.push(() => server.stop())
  const front = await tlsInFrontOf(server.port, `cert=${at('server.pem')}`, 'verify=1', `cafile=${at('ca.pem')}`)
  ends.push(front.stop)
  const tags = [
    tag('setpoint', { type: 'UInt16', address: 'holding:10', access: 'readWrite' }),
    tag('valve', { type: 'Boolean', address: 'coil:5', access: 'readWrite' }),
  ]
  const tls = { caFile: at('ca.pem'), certificateFile: at('own.pem'), keyFile: at('own.key') }
  const config = source([device('plc', { tags, pollMs: 50 })], {
    transport: 'tls',
    port: front.port,
    timeoutMs: 500,
    window,
    tls,
  })
  const writing = await WritingSource.start(config)
  ends.push(() => writing.stop())
  // The front may not listen at once.
  for (const { key } of tags) await expect.poll(() => writing.seen(key)?.status, { timeout: 10_000 }).toBe('Good')
  return { server, writing }
}

describe('a write over Modbus in TLS', () => {
  it.each([1, 4])('is confirmed when the device holds the value, with a window of %i', async (window) => {
    const { server, writing } = await begin(window)
    expect(await writing.write('setpoint', 4_711)).toEqual({ state: 'confirmed', reason: '' })
    expect(await writing.write('valve', true)).toEqual({ state: 'confirmed', reason: '' })
    expect([server.registers[10], server.coils[5]]).toEqual([4_711, 1])
    expect(writing.seen('setpoint')).toEqual({ value: 4_711, status: 'Good' })
    expect(server.writes).toEqual(['6@10', '5@5'])
  })

  it('whose answer is lost is settled by what the device holds, and goes out once', async () => {
    const { server, writing } = await begin(4)
    server.behave = ({ act }) => act()
    const done = await writing.write('setpoint', 42)
    expect(done).toMatchObject({ state: 'confirmed', reason: expect.stringContaining('it holds the value') })
    server.behave = () => undefined
    const lost = await writing.write('setpoint', 43)
    expect(lost).toMatchObject({ state: 'uncertain', status: StatusCode.BadTimeout })
    expect(lost.reason).toContain('it reads as 42 now')
    expect(server.writes).toEqual(['6@10', '6@10'])
  })

  it('that the connection breaks under is settled over the next one, and goes out once', async () => {
    const { server, writing } = await begin(1)
    server.behave = ({ act, socket }) => {
      act()
      socket.destroy()
    }
    const done = await writing.write('setpoint', 44)
    expect(done).toMatchObject({ state: 'confirmed', reason: expect.stringContaining('it holds the value') })
    expect(server.writes).toEqual(['6@10'])
    expect(writing.context.counted('connects')).toBe(2)
  })
})
