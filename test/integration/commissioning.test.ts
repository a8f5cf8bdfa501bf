import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type CalibrateFlags, calibrateDevice } from '../../src/cli/field/calibrate.ts'
import { readOnce } from '../../src/cli/field/read-once.ts'
import { showByteOrder } from '../../src/cli/field/show-byte-order.ts'
import { testConnection } from '../../src/cli/field/test-connection.ts'
import { lockDataFolder } from '../../src/store/data-folder-lock.ts'
import { freePort } from '../support/free-port.ts'
import { modbusSource, type PlantFolder, s7Source, writePlant } from '../support/gateway.ts'
import { type Behaviour, FaultServer, faults, frame } from '../support/modbus-fault-server.ts'
import { PymodbusServer, startLibmodbus } from '../support/modbus-peers.ts'
import { SerialPair } from '../support/serial-pair.ts'
import { Snap7Plc } from '../support/snap7.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function ending<Thing>(thing: Thing, end: (thing: Thing) => unknown): Thing {
  ends.push(() => end(thing))
  return thing
}

/** What a command prints, and what it remarks. */
const said = () => {
  const lines: string[] = []
  const notices: string[] = []
  return {
    lines,
    notices,
    line: (text: string) => void lines.push(text),
    notice: (text: string) => void notices.push(text),
  }
}
const given = (port: number, more: object = {}) => ({ config: 'none', modbus: `127.0.0.1:${port}`, ...more })
const plantOf = async (sources: readonly object[]): Promise<PlantFolder> =>
  ending(await writePlant(sources), (each) => each.remove())

describe('penstock read-once', () => {
  it('reads any address of pymodbus in any order, without a configuration', async () => {
    const peer = ending(await PymodbusServer.start(), (each) => each.stop())
    await peer.put({ unit: 3, area: 'holding', address: 10, encoding: 'float32', value: 21.5, wordOrder: 'little' })
    const out = said()
    const flags = given(peer.port, { unit: '3', encoding: 'float32', wordOrder: 'little', json: true, frames: true })
    expect(await readOnce(undefined, 'holding:10', flags, {}, out)).toBe(0)
    expect(JSON.parse(out.lines[0]!)).toMatchObject({
      address: 'holding:10',
      type: 'Float',
      value: 21.5,
      status: 'Good',
    })
    expect(out.notices.join('\n')).toMatch(/→ .*unit 3: read holding:10–11 \(2\)/)
  })

  it('reads a device of the configuration as it is configured', async () => {
    const peer = ending(await PymodbusServer.start(), (each) => each.stop())
    await peer.put({ area: 'holding', address: 4, encoding: 'uint16', value: 0x1234, byteOrder: 'little' })
    const plant = await plantOf([modbusSource(peer.port, [], { byteOrder: 'little' })])
    const out = said()
    expect(await readOnce('line', 'holding:4', { config: plant.file, json: true }, plant.env, out)).toBe(0)
    expect(JSON.parse(out.lines[0]!)).toMatchObject({ type: 'UInt16', value: 0x1234 })
  })

  it('reads a Snap7 CPU, and says what it does not have', async () => {
    const db = Buffer.alloc(20)
    db.writeFloatBE(-50.125, 4)
    const cpu = ending(await Snap7Plc.start(new Map([[1, db]])), (each) => each.stop())
    const flags = { config: 'none', s7: `127.0.0.1:${cpu.port}`, slot: '2' }
    const out = said()
    expect(await readOnce(undefined, 'DB1,REAL4', { ...flags, json: true }, {}, out)).toBe(0)
    expect(JSON.parse(out.lines[0]!)).toMatchObject({ type: 'Float', value: -50.125 })
    expect(await readOnce(undefined, 'DB7,REAL4', flags, {}, out)).toBe(4)
    expect(out.lines[1]).toContain('DB7,REAL4 as Float: BadConfigurationError')
  })

  it('refuses what a configuration would refuse, with the same words', async () => {
    const read = (address: string, flags: object) => readOnce(undefined, address, given(1, flags), {}, said())
    await expect(read('holding:70000', {})).rejects.toMatchObject({ exitCode: 2, message: /0 to 65535 are allowed/ })
    await expect(read('coil:3', { type: 'Int16' })).rejects.toMatchObject({ exitCode: 2, message: /single bit/ })
    await expect(read('holding:3', { type: 'Flaot' })).rejects.toMatchObject({ exitCode: 2, message: /mean Float/ })
    await expect(read('holding:3', { unit: '300' })).rejects.toMatchObject({ message: /1 to 247/ })
  })

  it('says that a gateway may have the only connection, where one runs', async () => {
    const plant = await plantOf([modbusSource(await freePort(), [])])
    const dataFolder = join(plant.folder, 'data')
    const read = () => readOnce('line', 'holding:0', { config: plant.file }, plant.env, said())
    await expect(read()).rejects.toMatchObject({ exitCode: 3, message: expect.not.stringContaining('A gateway runs') })
    const lock = ending(lockDataFolder(dataFolder), (each) => each.release())
    await expect(read()).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('A gateway runs') })
    lock.release()
    await expect(read()).rejects.toMatchObject({ message: expect.not.stringContaining('A gateway runs') })
  })
})

describe('penstock test-connection', () => {
  it('tells of each device behind a connection whether it answers, and with what', async () => {
    const server = ending(
      await FaultServer.start((asked) => (asked.unitId === 1 ? faults.right(asked) : faults.mute())),
      (each) => each.stop(),
    )
    const [one] = modbusSource(server.port, [{ key: 'power', type: 'UInt16', address: 'holding:7' }]).devices
    const plant = await plantOf([
      { ...modbusSource(server.port, []), host: 'localhost', devices: [one, { key: 'dead', unitId: 9 }] },
    ])
    const out = said()
    expect(await testConnection('line', { config: plant.file }, plant.env, out)).toBe(4)
    expect(out.lines).toEqual([
      expect.stringMatching(/^ok {4}localhost is /),
      expect.stringMatching(/^ok {4}connected to localhost:/),
      expect.stringMatching(/^ok {4}meter \(unit 1\): answers; holding:7 as UInt16 = 7, /),
      expect.stringMatching(/^ {6}meter \(unit 1\): .* it does not say what it is/),
      expect.stringMatching(/^fails dead \(unit 9\): Unit 9 at .* did not answer within 300 ms/),
    ])
  })

  it('shows what an S7 CPU negotiates', async () => {
    const cpu = ending(await Snap7Plc.start(new Map([[1, Buffer.alloc(20)]])), (each) => each.stop())
    const plant = await plantOf([s7Source(cpu.port, [{ key: 'speed', type: 'Int16', address: 'DB1,INT0' }])])
    const out = said()
    expect(await testConnection('cpu', { config: plant.file }, plant.env, out)).toBe(0)
    expect(out.lines[0]).toMatch(/PDU of \d+ bytes, \d+ requests? at once$/)
    expect(out.lines[1]).toMatch(/^ok {4}plc: answers; DB1,INT0 as Int16 = 0/)
  })

  it('names the source that was meant', async () => {
    const plant = await plantOf([modbusSource(1, [])])
    await expect(testConnection('lime', { config: plant.file }, plant.env, said())).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('did you mean "line"?'),
    })
  })
})

describe('penstock byte-order', () => {
  it('marks how a value lies in the registers of libmodbus', async () => {
    const peer = ending(await startLibmodbus(), (each) => each.stop())
    const plain = said()
    await showByteOrder(undefined, 'holding:0', given(peer.port, { json: true }), {}, plain)
    const [first] = plain.lines.map((line) => JSON.parse(line) as { value: number; encoding: string })
    const out = said()
    const flags = given(peer.port, { expect: String(first?.value) })
    expect(await showByteOrder(undefined, 'holding:0', flags, {}, out)).toBe(0)
    expect(out.lines.find((line) => line.includes('int16'))).toMatch(/← expected$/)
  })

  it('reads fewer registers where the device has no more', async () => {
    const peer = ending(await PymodbusServer.start(), (each) => each.stop())
    await peer.put({ area: 'input', address: 0, encoding: 'uint32', value: 7 })
    const out = said()
    expect(await showByteOrder(undefined, 'input:0', given(peer.port, { json: true }), {}, out)).toBe(0)
    expect(out.lines.some((line) => line.includes('float64'))).toBe(false)
    expect(out.lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ encoding: 'uint32', order: 'ABCD', value: 7 }),
    )
  })

  it('needs no device for bytes that are known', async () => {
    const out = said()
    expect(
      await showByteOrder(undefined, undefined, { config: 'none', hex: '42 F6 E9 79', expect: '123.456' }, {}, out),
    ).toBe(0)
    expect(out.lines.filter((line) => line.endsWith('← expected'))).toEqual([
      expect.stringMatching(/float32 +order: ABCD +123\.456/),
    ])
  })
})

describe('penstock calibrate', () => {
  /** Refuses more than 60 registers, dies for a while at addresses 70 to 74, and needs 20 ms between requests. */
  const touchy = (): Behaviour => {
    let answeredAt = 0
    return async (asked) => {
      const tooSoon = performance.now() - answeredAt < 15
      const inHole = asked.start <= 74 && asked.start + asked.count > 70
      if (tooSoon || inHole) return
      if (asked.count > 60) {
        asked.socket.write(frame(asked.transactionId, Buffer.of(asked.unitId, asked.functionCode | 0x80, 3)))
      } else asked.socket.write(asked.right)
      answeredAt = performance.now()
      await delay(1)
    }
  }
  const flags = (more: Partial<CalibrateFlags>): CalibrateFlags => ({
    config: 'none',
    requests: '500',
    seconds: '120',
    ...more,
  })

  it('proposes exactly what a touchy device needs', async () => {
    const server = ending(await FaultServer.start(touchy()), (each) => each.stop())
    const tags = [...Array.from({ length: 70 }, (_, i) => i), 75, 76].map((at) => ({
      key: `t${at}`,
      type: 'UInt16',
      address: `holding:${at}`,
    }))
    const plant = await plantOf([modbusSource(server.port, tags)])
    const out = said()
    const code = await calibrateDevice(
      'line',
      flags({ config: plant.file }),
      plant.env,
      out,
      new AbortController().signal,
    )
    expect(code).toBe(0)
    expect(out.notices[0]).toMatch(/^Reads holding:0-69, holding:75-76 of unit 1 at .*It writes nothing/)
    expect(out.lines).toContainEqual(expect.stringMatching(/pause between requests +20 ms needed/))
    expect(out.lines).toContainEqual(expect.stringMatching(/registers at once +60, which is its limit/))
    expect(out.lines).toContainEqual(expect.stringMatching(/holes between tags +of 5 cannot be read/))
    expect(out.lines.slice(-5)).toEqual([
      'delayBetweenRequests: 20ms',
      'devices:',
      '  - key: meter',
      '    maxRegisters: 60',
      '    maxGap: 0',
    ])
  }, 60_000)

  it('ends when it is told to, and says so', async () => {
    const server = ending(await FaultServer.start(faults.right), (each) => each.stop())
    const abort = new AbortController()
    const out = said()
    const more = flags({ modbus: `127.0.0.1:${server.port}`, range: ['holding:0-9'], json: true })
    const done = calibrateDevice(undefined, more, {}, { ...out, notice: () => abort.abort() }, abort.signal)
    expect(await done).toBe(4)
    expect(JSON.parse(out.lines[0]!)).toEqual({ requests: 0, endedBecause: 'it was interrupted' })
  })

  it('asks for the addresses that exist where no tag says so', async () => {
    const run = (more: Partial<CalibrateFlags>) =>
      calibrateDevice(undefined, flags({ modbus: '127.0.0.1:1', ...more }), {}, said(), new AbortController().signal)
    await expect(run({})).rejects.toMatchObject({ exitCode: 2, message: /give --range/ })
    await expect(run({ range: ['holding:9-3'] })).rejects.toMatchObject({ exitCode: 2, message: /no range/ })
  })

  it('sends a CPU to test-connection', async () => {
    const plant = await plantOf([s7Source(1, [])])
    const run = calibrateDevice('cpu', flags({ config: plant.file }), plant.env, said(), new AbortController().signal)
    await expect(run).rejects.toMatchObject({ exitCode: 2, message: /test-connection/ })
  })
})

describe('a device on a serial line', () => {
  it.each(['rtu', 'ascii'] as const)(
    'is commissioned with %s as over a network',
    async (transport) => {
      const pair = ending(await SerialPair.start(), (each) => each.stop())
      const peer = ending(await PymodbusServer.start(pair.theirs, transport), (each) => each.stop())
      for (let address = 0; address < 8; address++) {
        await peer.put({ area: 'holding', address, encoding: 'uint16', value: 100 + address })
      }
      const {
        host: _host,
        port: _port,
        ...line
      } = modbusSource(1, [{ key: 'a', type: 'UInt16', address: 'holding:3' }])
      const serial = { path: pair.ours, baudRate: 115_200, parity: 'none' }
      const plant = await plantOf([{ ...line, transport, serial, connectTimeout: '5s', delayBetweenRequests: '10ms' }])
      const config = plant.file

      const tested = said()
      // The peer may say that it is there before it listens.
      const ready = () => readOnce('line', 'holding:0', { config }, plant.env, said()).catch(() => undefined)
      await expect.poll(ready, { timeout: 10_000 }).toBe(0)
      expect(await testConnection('line', { config }, plant.env, tested)).toBe(0)
      expect(tested.lines).toEqual([
        expect.stringContaining(`ok    opened ${pair.ours} (${transport}) in `),
        expect.stringMatching(/^ok {4}meter \(unit 1\): answers; holding:3 as UInt16 = 103, /),
        expect.stringMatching(/^ok {4}meter \(unit 1\): says that it is /),
      ])

      const read = said()
      expect(await readOnce('line', 'holding:7', { config, frames: true }, plant.env, read)).toBe(0)
      expect(read.notices.join('\n')).toMatch(/→ unit 1: read holding:7 \(1\)[\s\S]+← unit 1: holding:7 = 107/)

      const calibrated = said()
      const flags = { config, requests: '200', seconds: '60', range: ['holding:0-7'] }
      const signal = new AbortController().signal
      expect(await calibrateDevice('line', flags, plant.env, calibrated, signal)).toBe(0)
      expect(calibrated.notices[0]).toContain(`at ${pair.ours} (${transport})`)
      expect(calibrated.lines).toContainEqual(expect.stringMatching(/requests at once +one$/))
      // No pause was needed, but one is configured.
      expect(calibrated.lines).toContain('delayBetweenRequests: 0ms')
    },
    60_000,
  )
})
