import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ModbusNetworkSourceConfig, TagConfig } from '../../src/core/plant.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { frame } from '../support/modbus-fault-server.ts'
import { device, source, tag } from '../support/modbus-plant.ts'
import { obey, WritableServer, type WriteBehaviour } from '../support/modbus-writable-server.ts'
import { WritingSource } from '../support/writing-source.ts'

const TIMEOUT_MS = 150

const tags: readonly TagConfig[] = [
  tag('setpoint', { type: 'Double', address: 'holding:10', encoding: 'int16', access: 'readWrite' }),
  tag('level', {
    type: 'UInt16',
    address: 'holding:11',
    access: 'readWrite',
    write: { confirm: 'echo' },
  }),
  tag('valve', { type: 'Boolean', address: 'coil:5', access: 'readWrite' }),
  tag('bit', { type: 'Boolean', address: 'holding:20.3', access: 'readWrite' }),
  tag('masked', { type: 'Boolean', address: 'holding:20.4', access: 'readWrite', write: { bits: 'mask' } }),
]

let server: WritableServer
let writing: WritingSource

async function begin(fields: Partial<ModbusNetworkSourceConfig> = {}): Promise<void> {
  const plc = device('plc', {
    tags,
    pollMs: 50,
    commands: [
      {
        key: 'start',
        name: 'Start',
        parameters: [{ key: 'to', name: 'To', type: 'Double' }],
        writes: [
          { tag: 'setpoint', value: '$to' },
          { tag: 'level', value: 7 },
          { tag: 'valve', value: true },
        ],
      },
    ],
  })
  writing = await WritingSource.start(source([plc], { port: server.port, timeoutMs: TIMEOUT_MS, ...fields }))
}

beforeEach(async () => {
  server = await WritableServer.start()
})

afterEach(async () => {
  await writing.stop()
  await server.stop()
})

const noAnswerAfterActing: WriteBehaviour = ({ act }) => act()
const noAnswerNoAct: WriteBehaviour = () => undefined
const wrongEcho =
  (acts: boolean): WriteBehaviour =>
  ({ act, adu, transactionId, socket }) => {
    if (acts) act()
    const other = Buffer.from(adu.subarray(0, 6))
    other.writeUInt16BE(other.readUInt16BE(2) + 1, 2)
    socket.write(frame(transactionId, other))
  }
const refusal =
  (code: number): WriteBehaviour =>
  ({ adu, transactionId, socket }) =>
    void socket.write(frame(transactionId, Buffer.of(adu[0]!, adu[1]! | 0x80, code)))

describe('a write over Modbus that everything happens to', () => {
  it('is confirmed when the device holds the value, and published only then', async () => {
    await begin()
    expect(await writing.write('setpoint', -7)).toEqual({ state: 'confirmed', reason: '' })
    expect(server.registers[10]).toBe(0xfff9)
    expect(writing.seen('setpoint')).toEqual({ value: -7, status: 'Good' })
    expect(await writing.write('valve', true)).toEqual({ state: 'confirmed', reason: '' })
    expect(server.coils[5]).toBe(1)
    expect(server.writes).toEqual(['6@10', '5@5'])
  })

  it('with a wrong answer is never confirmed, whether the device acted or not', async () => {
    await begin()
    for (const acts of [true, false]) {
      server.behave = wrongEcho(acts)
      const delivery = await writing.write('setpoint', acts ? 11 : 12)
      expect(delivery).toMatchObject({ state: 'uncertain', status: StatusCode.BadCommunicationError })
      expect(delivery.reason).toContain('repeats another write')
      expect(await writing.write('level', 3)).toMatchObject({ state: 'uncertain' })
    }
    expect(server.writes).toEqual(['6@10', '6@11', '6@10', '6@11'])
  })

  it('that was acted on and not answered is settled by reading back, without being sent again', async () => {
    await begin()
    server.behave = noAnswerAfterActing
    const delivery = await writing.write('setpoint', 42)
    expect(delivery).toMatchObject({ state: 'confirmed', reason: expect.stringContaining('it holds the value') })
    expect(server.writes).toEqual(['6@10'])
  })

  it('that was not acted on and not answered is uncertain, and names what the device holds', async () => {
    await begin()
    server.behave = noAnswerNoAct
    const delivery = await writing.write('setpoint', 43)
    expect(delivery).toMatchObject({ state: 'uncertain', status: StatusCode.BadTimeout })
    expect(delivery.reason).toContain('it reads as 0 now')
    expect(server.writes).toEqual(['6@10'])
  })

  it('whose answer comes late does not lend it to the next one', async () => {
    await begin()
    let late: (() => void) | undefined
    server.behave = ({ socket, right }) => {
      late = () => socket.write(right)
    }
    expect(await writing.write('level', 5)).toMatchObject({ state: 'uncertain', status: StatusCode.BadTimeout })
    // The same write again: its own answer never comes, only that of the first.
    server.behave = () => late?.()
    expect(await writing.write('level', 5)).toMatchObject({ state: 'uncertain' })
    expect(server.writes).toEqual(['6@11', '6@11'])
  })

  it.each([true, false])('that the connection breaks under is read back over the next (acted: %s)', async (acts) => {
    await begin()
    server.behave = ({ act, socket }) => {
      if (acts) act()
      socket.resetAndDestroy()
    }
    const delivery = await writing.write('setpoint', 44)
    expect(delivery.state).toBe(acts ? 'confirmed' : 'uncertain')
    expect(server.writes).toEqual(['6@10'])
  })

  it('with "confirm: echo" is uncertain after a lost answer, whatever the device holds', async () => {
    await begin()
    server.behave = noAnswerAfterActing
    expect(await writing.write('level', 0)).toMatchObject({ state: 'uncertain', status: StatusCode.BadTimeout })
  })

  it.each([
    [1, 'refused', StatusCode.BadNotSupported, 'illegal function'],
    [2, 'refused', StatusCode.BadConfigurationError, 'illegal data address'],
    [3, 'refused', StatusCode.BadOutOfRange, 'illegal data value'],
    [4, 'failed', StatusCode.BadDeviceFailure, 'server device failure'],
    [6, 'refused', StatusCode.BadResourceUnavailable, 'busy'],
    [10, 'refused', StatusCode.BadNoCommunication, 'gateway path unavailable'],
    [11, 'uncertain', StatusCode.BadTimeout, 'failed to respond'],
  ])('answered with exception %i is %s', async (code, state, status, words) => {
    await begin()
    server.behave = refusal(code)
    const delivery = await writing.write('setpoint', 9)
    expect(delivery).toMatchObject({ state, status, reason: expect.stringContaining(words) })
    expect(server.writes).toEqual(['6@10'])
  })

  it('that the device answers and does not do is failed, with what the device holds', async () => {
    await begin()
    server.behave = ({ socket, right }) => void socket.write(right)
    const delivery = await writing.write('setpoint', 9)
    expect(delivery).toMatchObject({ state: 'failed', status: StatusCode.BadDeviceFailure })
    expect(delivery.reason).toContain('reads as 0')
  })

  it('writes one bit of a register and leaves the others, by reading it or by function 22', async () => {
    await begin()
    server.registers[20] = 0xa5a5
    expect(await writing.write('bit', true)).toMatchObject({ state: 'confirmed' })
    expect(server.registers[20]).toBe(0xa5ad)
    expect(await writing.write('masked', true)).toMatchObject({ state: 'confirmed' })
    expect(server.registers[20]).toBe(0xa5bd)
    expect(server.writes).toEqual(['6@20', '22@20'])
    // The register could not be read, so nothing was written.
    server.exception = 5
    expect(await writing.write('bit', false)).toMatchObject({ state: 'failed', status: StatusCode.BadTimeout })
    expect(server.writes).toEqual(['6@20', '22@20'])
    // Nothing came between the reading and the writing of the register.
    expect(server.functions[server.functions.indexOf(6) - 1]).toBe(3)
  })
})

describe('a command of several writes', () => {
  const start = { kind: 'command', command: 'start', arguments: { to: 5 } } as const

  it('writes them in order', async () => {
    await begin()
    expect(await writing.send(start)).toEqual({ state: 'confirmed', reason: '' })
    expect(server.writes).toEqual(['6@10', '6@11', '5@5'])
    expect([server.registers[10], server.registers[11], server.coils[5]]).toEqual([5, 7, 1])
  })

  it('ends at the first that fails and says what was written', async () => {
    await begin()
    server.behave = (asked) => (asked.adu[3] === 11 ? refusal(3)(asked) : obey(asked))
    const delivery = await writing.send(start)
    expect(delivery).toMatchObject({ state: 'failed', status: StatusCode.BadOutOfRange })
    expect(delivery.reason).toContain('Written before it: "setpoint". Not written: "valve"')
    expect(server.writes).toEqual(['6@10', '6@11'])
  })
})

describe('a write that must not go out', () => {
  it('is refused where the value or the tag is not for it, before anything is sent', async () => {
    await begin()
    const order = (key: string, value: number | boolean) => writing.check({ kind: 'write', tag: key, value })
    expect(order('setpoint', 40_000)?.status).toBe(StatusCode.BadOutOfRange)
    expect(order('setpoint', 1.5)?.reason).toContain('whole numbers')
    expect(order('setpoint', true)?.status).toBe(StatusCode.BadTypeMismatch)
    expect(order('none', 1)?.status).toBe(StatusCode.BadConfigurationError)
    expect(order('setpoint', 4)).toBeUndefined()
    expect(await writing.write('setpoint', 40_000)).toMatchObject({ state: 'refused' })
    expect(server.writes).toEqual([])
  })

  it('is expired after its deadline, and queued where it was called off', async () => {
    await begin()
    expect(await writing.write('setpoint', 4, { deadline: 1 })).toMatchObject({ state: 'expired' })
    const ended = new AbortController()
    ended.abort()
    const order = { kind: 'write', tag: 'setpoint', value: 4 } as const
    expect(await writing.send(order, {}, ended.signal)).toMatchObject({ state: 'queued' })
    expect(server.writes).toEqual([])
  })

  it('is refused at once while there is no connection, or the device does not answer', async () => {
    await begin()
    server.mute = true
    await expect.poll(() => writing.context.devices.get('plc')?.state, { timeout: 5_000 }).toBe('offline')
    const refused = { state: 'refused', status: StatusCode.BadNoCommunication }
    expect(await writing.write('setpoint', 4)).toMatchObject(refused)
    await server.stop()
    await expect.poll(() => writing.context.state, { timeout: 5_000 }).toBe('backoff')
    expect(await writing.write('setpoint', 4)).toMatchObject(refused)
    expect(server.writes).toEqual([])
  })
})
