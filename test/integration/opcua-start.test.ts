import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { AttributeIds, type DataValue, ServerState } from 'node-opcua'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { OpcuaServerRoom } from '../../src/opcua/server-room.ts'
import { EngineStandIn } from '../support/opcua-engine.ts'
import { modbusDevice, modbusPlant, smallPlant, tagConfig } from '../support/opcua-plant.ts'
import { noHistory, noMachine, recordingLogger, roomSettings, startRoom, watch } from '../support/opcua-room.ts'

let folder: string
let ending: (() => Promise<void> | void)[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-opcua-start-'))
  ending = []
})
afterEach(async () => {
  for (const end of ending) await end()
  await rm(folder, { recursive: true, force: true })
})

function makeRoom(port = 0) {
  const { log, logged } = recordingLogger()
  const room = new OpcuaServerRoom({
    settings: roomSettings(folder, { port }),
    ...noMachine,
    history: noHistory,
    clock: systemClock,
    log,
    onFatal: (error) => {
      throw error
    },
  })
  ending.push(() => room.stop())
  return { room, logged }
}

function makeEngine(plant = smallPlant()) {
  const engine = new EngineStandIn(plant)
  ending.push(() => engine.die())
  return engine
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

describe('the start of the OPC UA server', () => {
  it('opens the port only when every tag shows what the engine says', async () => {
    const port = await freePort()
    const { room } = makeRoom(port)
    const engine = makeEngine()
    engine.holding = true

    const starting = room.start(engine.port)
    await engine.subscribed
    expect(await isOpen(port)).toBe(false)
    engine.release()
    await starting

    expect(await isOpen(port)).toBe(true)
    expect(room.health()).toMatchObject({ engineHeard: true, endpoints: [`opc.tcp://127.0.0.1:${port}/penstock`] })
  })

  it('prints nothing, not even when it makes its certificate', async () => {
    const written = vi.spyOn(process.stdout, 'write')
    const printed = [vi.spyOn(console, 'log'), vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')]
    const { room, logged } = makeRoom()

    await room.start(makeEngine().port)

    expect(written).not.toHaveBeenCalled()
    for (const print of printed) expect(print).not.toHaveBeenCalled()
    expect(logged.map(({ message }) => message)).toContain(
      'Made the certificate of the OPC UA server, valid for ten years',
    )
    vi.restoreAllMocks()
  })

  it('works for a plant without tags', async () => {
    const { room } = makeRoom()

    await room.start(makeEngine(modbusPlant([])).port)

    expect(room.health().endpoints).toHaveLength(1)
  })

  it('fails with the engine’s end, so that the room is started anew', async () => {
    const { room } = makeRoom()
    const engine = makeEngine()
    engine.holding = true

    const starting = expect(room.start(engine.port)).rejects.toMatchObject({ code: 'ROOM_UNAVAILABLE' })
    engine.die()

    await starting
    expect(room.health().endpoints).toEqual([])
  })

  it('fails in words when another program has the port', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as AddressInfo).port))
    })
    ending.push(() => new Promise<void>((resolve) => other.close(() => resolve())))
    const { room } = makeRoom(port)

    await expect(room.start(makeEngine().port)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
  })

  it('with 10,000 tags ends with a server that has them all', async () => {
    const devices = Array.from({ length: 100 }, (_device, device) =>
      modbusDevice(
        `device-${device}`,
        Array.from({ length: 100 }, (_tag, tag) => tagConfig(`tag-${tag}`)),
      ),
    )
    const test = await startRoom({ plant: modbusPlant(devices) })
    ending.push(() => test.end())
    const session = await test.session()
    const read = (id: string) => session.read({ nodeId: `ns=4;s=${id}`, attributeId: AttributeIds.Value })

    expect((await read('#gateway/TagCount')).value.value).toBe(10_000)
    expect((await read('device-99/tag-99')).statusCode.name).toBe('BadWaitingForInitialData')
  })
})

describe('the end of the OPC UA server', () => {
  it('is told to clients, closes the port, and leaves nothing that keeps it from starting again', async () => {
    const port = await freePort()
    const test = await startRoom({ settings: { port } })
    ending.push(() => test.end())
    const session = await test.session()
    const { values } = await watch(session, 'i=2259')
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(ServerState.Running))

    await test.room.stop()

    const states = values.map((value: DataValue) => value.value.value as ServerState)
    expect(states).toContain(ServerState.Shutdown)
    expect(await isOpen(port)).toBe(false)
    const again = makeRoom(port)
    await again.room.start(makeEngine().port)
    expect(await isOpen(port)).toBe(true)
  })

  it('may come before the start, and twice', async () => {
    const { room } = makeRoom()

    await room.stop()
    await room.stop()

    expect(room.health()).toMatchObject({ endpoints: [], sessions: 0, engineHeard: false })
  })
})

describe('an engine that is replaced while the room starts', () => {
  it.each([
    ['before it has said what its plant is', () => new MessageChannel().port2],
    ['before it has given its values', () => Object.assign(makeEngine(), { holding: true }).port],
  ])('%s costs no start: the room goes on with the new one', async (_when, first) => {
    const second = makeEngine()
    second.pipeline.polled(second.tag('boiler/pressure'), 4.5)
    const { room } = makeRoom()
    const started = room.start(first())
    await new Promise((resolve) => setTimeout(resolve, 100))
    room.relink(second.port)
    await started
    expect(room.health()).toMatchObject({ engineHeard: true })
    expect(room.health().endpoints).not.toEqual([])
  })
})
