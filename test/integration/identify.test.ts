import { afterEach, describe, expect, it } from 'vitest'
import { identify } from '../../src/cli/field/identify.ts'
import { testConnection } from '../../src/cli/field/test-connection.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { ModbusSourceConfig } from '../../src/core/plant.ts'
import { AdHocReads } from '../../src/engine/ad-hoc-reads.ts'
import { sourceTypes } from '../../src/engine/source-types.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import { writePlant } from '../support/gateway.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { PymodbusServer, startLibmodbus } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { SerialPair } from '../support/serial-pair.ts'
import { Snap7Plc } from '../support/snap7.ts'

/** Devices that others made say what they are: pymodbus in parts of a frame each, libmodbus with function 17, Snap7. */
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const said = () => {
  const [lines, notices]: [string[], string[]] = [[], []]
  return {
    lines,
    notices,
    line: (text: string) => void lines.push(text),
    notice: (text: string) => void notices.push(text),
  }
}

/** More than one frame holds. */
const objects = {
  0: 'Acme Meters',
  1: 'EM-340',
  2: 'V2.11',
  4: 'Energy meter',
  5: 'EM340-DIN',
  128: 'x'.repeat(200),
  129: 'y'.repeat(200),
}

async function pymodbus(...where: Parameters<typeof PymodbusServer.start>): Promise<PymodbusServer> {
  const peer = await PymodbusServer.start(...where)
  ends.push(() => peer.stop())
  await peer.identity(objects)
  await peer.bytes({ area: 'holding', address: 0 }, '002a')
  return peer
}

const plate = { manufacturer: 'Acme Meters', model: 'EM340-DIN', productCode: 'EM-340', deviceRevision: 'V2.11' }

/** What a source that polls is told of its only device. */
async function whilePolled(config: ModbusSourceConfig) {
  const context = new RecordingContext(systemClock)
  const polled = await modbusSource.create(config, devicesOf(config), context)
  ends.push(() => polled.stop())
  polled.start()
  await expect.poll(() => context.sink.last.get(0)?.status, { timeout: 10_000 }).toBe('Good')
  const reads = new AdHocReads({
    plant: () => ({ sources: [config] }),
    types: sourceTypes,
    sources: { laneOf: () => polled.lane, frames: () => undefined },
    clock: systemClock,
  })
  return { context, answer: await reads.identify({ source: 'line' }) }
}

const meter = device('meter', { pollMs: 50, tags: [tag('a', { type: 'UInt16', address: 'holding:0' })] })

describe('what a device is', () => {
  it.each(['tcp', 'udp', 'rtu-over-tcp'] as const)(
    'is asked of pymodbus over %s while it is polled',
    async (transport) => {
      const { port } = await pymodbus(0, transport)
      const { context, answer } = await whilePolled(source([meter], { transport, port }))
      expect(answer).toMatchObject({ device: 'meter', nameplate: plate })
      if ('problem' in answer) throw new Error(answer.error)
      expect(answer.facts.map(({ value }) => value)).toEqual(Object.values(objects))
      expect(context.counted('strays')).toBe(0)
      const { length } = context.sink.polls.get(0) ?? []
      await expect.poll(() => context.sink.polls.get(0)?.length).toBeGreaterThan(length! + 2)
    },
  )

  it.each(['rtu', 'ascii'] as const)('is asked of pymodbus over a serial line with %s', async (transport) => {
    const line = await SerialPair.start()
    ends.push(() => line.stop())
    await pymodbus(line.theirs, transport)
    const { host: _host, port: _port, transport: _tcp, ...common } = source([meter])
    const serial = { path: line.ours, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const
    const { answer } = await whilePolled({ ...common, transport, serial })
    expect(answer).toMatchObject({ nameplate: plate })
  })

  it('is its server id of libmodbus, which refuses function 43', async () => {
    const { port, stop } = await startLibmodbus()
    ends.push(stop)
    const { answer } = await whilePolled(source([meter], { port }))
    expect(answer).toMatchObject({ by: 'function 17, Report Server ID', nameplate: {} })
    if ('problem' in answer) throw new Error(answer.error)
    expect(answer.facts[0]?.value).toMatch(/LMB|0x.*4c4d42/)
  })

  it.each([
    [240, undefined],
    [960, 'Siemens'],
  ])('is asked of Snap7, which cuts its lists off at the end of a PDU of %i bytes', async (pdu, manufacturer) => {
    const plc = await Snap7Plc.start(new Map([[1, Buffer.alloc(10)]]))
    ends.push(() => plc.stop())
    const tags = [s7Tag('a', { type: 'Byte', address: 'DB1,B0' })]
    const config = s7SourceConfig([s7Device('plc', tags)], { port: plc.port, pdu })
    const reading = await ReadingSession.connect(config, systemClock)
    ends.push(() => reading.close())
    const found = await reading.session.identify(config.devices[0]!, (request) => request())
    expect(found.nameplate.manufacturer).toBe(manufacturer)
    expect(found.nameplate).toMatchObject({ model: 'CPU 315-2 PN/DP', productCode: '6ES7 315-2EH14-0AB0' })
    expect(found.facts).toContainEqual({ name: 'Operating state', value: 'RUN' })
    await reading.readAll()
    expect(reading.seen()).toEqual([0])
  })

  it('is printed for people and as JSON, of one device or all of a source', async () => {
    const { port } = await pymodbus()
    const plant = await writePlant([
      {
        kind: 'modbus',
        key: 'line',
        host: '127.0.0.1',
        port,
        timeout: '200ms',
        devices: [
          { key: 'meter', unitId: 1 },
          { key: 'mute', unitId: 9 },
        ],
      },
    ])
    ends.push(() => plant.remove())
    const out = said()
    const flags = { config: plant.file }
    expect(await identify('line/meter', flags, plant.env, out)).toBe(0)
    expect(out.lines[0]).toBe('meter: Acme Meters EM340-DIN EM-340, revision V2.11')
    expect(out.lines).toContainEqual(expect.stringMatching(/ModelName +EM340-DIN/))
    const all = said()
    expect(await identify('line', { ...flags, json: true }, plant.env, all)).toBe(4)
    expect(all.lines.map((line) => JSON.parse(line) as object)).toEqual([expect.objectContaining({ device: 'meter' })])
    expect(all.notices).toEqual([expect.stringMatching(/^mute: Unit 9 .* did not answer within 200 ms/)])
    await expect(identify('line/nobody', flags, plant.env, out)).rejects.toMatchObject({ exitCode: 5 })
  })

  it('is part of a test of the connection', async () => {
    const { port } = await pymodbus()
    const out = said()
    expect(await testConnection(undefined, { config: 'none', modbus: `127.0.0.1:${port}` }, {}, out)).toBe(0)
    expect(out.lines.at(-1)).toBe('ok    given (unit 1): says that it is Acme Meters EM340-DIN EM-340, revision V2.11')
  })
})
