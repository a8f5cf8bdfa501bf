import { afterEach, expect, it, vi } from 'vitest'
import { modbusSource, writePlant } from '../support/gateway.ts'
import { FaultServer, tells } from '../support/modbus-fault-server.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'

const ends: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

it('a Modbus device is taken out of polling and back while the gateway runs, without harm to its line', async () => {
  const sockets = new Set<unknown>()
  const asked = new Map<number, number>()
  const server = await FaultServer.start(({ socket, unitId, right }) => {
    sockets.add(socket)
    asked.set(unitId, (asked.get(unitId) ?? 0) + 1)
    socket.write(right)
  })
  ends.push(() => server.stop())
  const tags = [{ key: 'speed', type: 'UInt16', address: 'holding:5' }]
  const line = modbusSource(server.port, tags)
  const plant = await writePlant([
    { ...line, timeout: '5s', devices: [...line.devices, { key: 'pump', unitId: 2, poll: '100ms', tags }] },
  ])
  ends.push(() => plant.remove())
  const gateway = await startGatewayOf(plant)
  ends.push(() => gateway.stop())
  const scada = await ScadaClient.connect(plant.endpointUrl)
  ends.push(() => scada.end())
  const disabled = (value: boolean) =>
    gateway.configuration.apply({
      draft: { edits: [{ set: ['sources', 'line', 'devices', 'pump', 'disabled'], value }] },
      by: { user: 'olga', origin: 'cli' },
      comment: 'maintenance',
    })
  const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout: 20_000, interval: 20 })
  const more = async (unitId: number, requests: number) => {
    const before = asked.get(unitId) ?? 0
    await eventually(() => expect(asked.get(unitId)).toBeGreaterThanOrEqual(before + requests))
  }

  const pump = await scada.watch('pump/speed')
  const meter = await scada.watch('meter/speed')
  await eventually(() => expect([pump().at(-1)?.status, meter().at(-1)?.status]).toEqual(['Good', 'Good']))

  expect(await disabled(true)).toMatchObject({ ok: true, live: true })
  await eventually(() => expect(pump().at(-1)?.status).toBe('BadOutOfService'))
  const asleep = asked.get(2)
  await more(1, 10)
  expect(asked.get(2)).toBe(asleep)

  expect(await disabled(false)).toMatchObject({ ok: true, live: true })
  await eventually(() => expect(pump().at(-1)).toMatchObject({ value: tells(2, 3, 5), status: 'Good' }))
  await more(2, 5)
  await more(1, 5)
  const live = meter().map(({ status }) => status)
  expect(new Set(live.slice(live.indexOf('Good')))).toEqual(new Set(['Good']))
  expect(sockets.size).toBe(1)
})
