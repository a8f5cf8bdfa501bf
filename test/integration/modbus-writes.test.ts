import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { ModbusSourceConfig, SerialLineConfig } from '../../src/core/plant.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { PymodbusServer, startLibmodbus } from '../support/modbus-peers.ts'
import { device, source, tag } from '../support/modbus-plant.ts'
import { SerialPair } from '../support/serial-pair.ts'
import { WritingSource } from '../support/writing-source.ts'

/** We write to devices that others made, and mbpoll, a client that we did not write, reads what is there. */
const run = promisify(execFile)
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const written = { access: 'readWrite' } as const
const tags = [
  tag('one', { type: 'Int16', address: 'holding:10', ...written }),
  tag('float', { type: 'Float', address: 'holding:11', order: 'CDAB', ...written }),
  tag('scaled', { type: 'Double', address: 'holding:13', encoding: 'uint16', transform: { scale: 0.1 }, ...written }),
  tag('text', { type: 'String', address: 'holding:14', length: 5, ...written }),
  tag('bit', { type: 'Boolean', address: 'holding:17.9', ...written }),
  tag('masked', { type: 'Boolean', address: 'holding:17.0', write: { bits: 'mask' }, ...written }),
  tag('sixteen', { type: 'UInt16', address: 'holding:18', write: { functions: 'multiple' }, ...written }),
  tag('coil', { type: 'Boolean', address: 'coil:3', ...written }),
  tag('coils', { type: 'Boolean', address: 'coil:4', arrayLength: 10, ...written }),
]
const values = {
  one: -300,
  float: 12.5,
  scaled: 23.4,
  text: 'Pump7',
  bit: true,
  masked: true,
  sixteen: 0xbeef,
  coil: true,
  coils: [true, false, true, true, false, false, false, true, false, true],
} as const
/** As mbpoll prints registers 10 to 18 and coils 3 to 13. */
const registers = [0x1_0000 - 300, 0, 0x4148, 234, 0x5075, 0x6d70, 0x3700, 0x0201, 0xbeef]
const coils = [1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1]

async function writeAll(config: ModbusSourceConfig): Promise<WritingSource> {
  const writing = await WritingSource.start(config)
  ends.push(() => writing.stop())
  for (const [key, value] of Object.entries(values)) {
    expect(await writing.write(key, value), key).toEqual({ state: 'confirmed', reason: '' })
  }
  return writing
}

async function mbpoll(port: number, code: '0' | '4', start: number, count: number): Promise<number[]> {
  const what = ['-a', '1', '-t', code, '-r', String(start + 1), '-c', String(count)]
  const { stdout } = await run('mbpoll', ['-m', 'tcp', '-p', String(port), ...what, '-1', '127.0.0.1'])
  return [...stdout.matchAll(/^\[\d+\]:\s+(\d+)/gm)].map(([, value]) => Number(value))
}

const plc = device('plc', { tags, pollMs: 50 })

async function pymodbus(...where: Parameters<typeof PymodbusServer.start>): Promise<PymodbusServer> {
  const server = await PymodbusServer.start(...where)
  ends.push(() => server.stop())
  await server.bytes({ area: 'holding', address: 0 }, '0000'.repeat(40))
  await server.bits({ area: 'coil', address: 0 }, ...Array<number>(30).fill(0))
  return server
}

describe('values that were written', () => {
  it('are found in pymodbus by mbpoll', async () => {
    const { port } = await pymodbus()
    await writeAll(source([plc], { port }))
    expect(await mbpoll(port, '4', 10, 9)).toEqual(registers)
    expect(await mbpoll(port, '0', 3, 11)).toEqual(coils)
  })

  it('are found in libmodbus by mbpoll', async () => {
    const { port, stop } = await startLibmodbus()
    ends.push(stop)
    const writing = await writeAll(source([plc], { port }))
    // It serves one client at a time.
    await writing.stop()
    expect(await mbpoll(port, '4', 10, 9)).toEqual(registers)
    // The device had every third coil on; the others were written.
    expect(await mbpoll(port, '0', 3, 11)).toEqual(coils)
  })

  it.each(['udp', 'rtu-over-tcp'] as const)('are read back from pymodbus over %s', async (transport) => {
    const { port } = await pymodbus(0, transport)
    const writing = await writeAll(source([plc], { transport, port }))
    expect(writing.context.counted('strays')).toBe(0)
  })

  it.each(['rtu', 'ascii'] as const)('are read back from pymodbus over a serial line with %s', async (transport) => {
    const line = await SerialPair.start()
    ends.push(() => line.stop())
    await pymodbus(line.theirs, transport)
    const serial: SerialLineConfig = { path: line.ours, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 }
    const { host: _host, port: _port, transport: _tcp, ...common } = source([plc])
    const writing = await writeAll({ ...common, transport, serial })
    expect(writing.context.counted('strays')).toBe(0)
  })
})

it('a device names what it refuses to be written', async () => {
  const { port } = await pymodbus()
  const missing = tag('missing', { type: 'UInt16', address: 'holding:900', ...written })
  const writing = await WritingSource.start(source([device('plc', { tags: [missing], pollMs: 50 })], { port }))
  ends.push(() => writing.stop())
  const delivery = await writing.write('missing', 5)
  expect(delivery).toMatchObject({ state: 'refused', status: StatusCode.BadConfigurationError })
  expect(delivery.reason).toContain('exception 2, illegal data address')
})
