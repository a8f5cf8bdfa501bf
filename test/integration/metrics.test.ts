import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { freePort } from '../support/free-port.ts'
import { modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { scraped } from '../support/gateway-health.ts'
import { startGatewayOf } from '../support/running-gateway.ts'

let plant: PlantFolder
let gateway: Gateway

beforeAll(async () => {
  plant = await writePlant([modbusSource(await freePort(), [{ key: 'power', address: 'holding:0', type: 'UInt16' }])])
  gateway = await startGatewayOf(plant)
})
afterAll(async () => {
  await gateway.stop()
  plant.remove()
})

const ask = (path: string) => fetch(`http://127.0.0.1:${gateway.httpPort}${path}`)

describe('a running gateway', () => {
  it('tells Prometheus how it is, with a source that it cannot reach', async () => {
    await expect
      .poll(async () => {
        const lines = scraped(await (await ask('/metrics')).text())
        const isIn = ({ name, labels, value }: (typeof lines)[number]) =>
          name === 'penstock_source_state' && labels.source === 'line' && labels.state === 'backoff' && value === 1
        return lines.some(isIn)
      })
      .toBe(true)
    const answer = await ask('/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = scraped(await answer.text())
    expect(lines).toContainEqual({ name: 'penstock_ready', labels: {}, value: 1 })
    expect(lines).toContainEqual({ name: 'penstock_tags', labels: {}, value: 1 })
    expect(lines).toContainEqual({ name: 'penstock_opcua_sessions', labels: {}, value: 0 })
    expect(lines).toContainEqual({
      name: 'penstock_line_failed_requests_total',
      labels: { source: 'line', reason: 'timeout' },
      value: 0,
    })
  })

  it('names each check when it is asked whether it is ready', async () => {
    const answer = await ask('/readyz')
    expect(answer.status).toBe(200)
    const { ready, checks } = (await answer.json()) as { ready: boolean; checks: { name: string; state: string }[] }
    expect(ready).toBe(true)
    const names = ['engine', 'opcua', 'safe-mode', 'engine-heard', 'store', 'history', 'certificates', 'disk']
    expect(checks.map(({ name }) => name)).toEqual(names)
    expect(checks.slice(0, 2).map(({ state }) => state)).toEqual(['ok', 'ok'])
  })

  it('says how much of the disk of its data folder is free', async () => {
    const { disk } = await gateway.health()
    expect(disk.freeBytes).toBeGreaterThanOrEqual(0)
    expect(disk.sizeBytes).toBeGreaterThan(0)
  })
})
