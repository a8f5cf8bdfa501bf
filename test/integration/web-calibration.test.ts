import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CalibrationReport } from '../../src/core/calibration.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { type UserName, WebServer } from '../support/web-server.ts'

/** A calibration over the API: who may, what is answered while it runs, and what becomes of its result. */
const PATH = '/api/v1/diagnostics/line/calibration'
const configuration = `
sources:
  - key: line
    kind: modbus
    host: plc # behind the press
    devices:
      - { key: meter, unitId: 1 }
`

let web: WebServer
beforeAll(async () => {
  web = await WebServer.start({ plant: aPlant([aModbusDevice('meter', [aTag('level')])]), configuration })
})
afterAll(() => web.stop())

const post = (path: string, as?: UserName, body?: object) =>
  web.ask(path, as, {
    method: 'POST',
    ...(body ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })

it('is begun, seen and cancelled by whoever may configure, one at a time, in his own name', async () => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const body = method === 'POST' ? { headers: { 'Content-Type': 'application/json' }, body: '{}' } : {}
    expect((await web.ask(PATH, undefined, { method, ...body })).status).toBe(401)
    for (const name of ['olga', 'oscar'] as const)
      expect((await web.ask(PATH, name, { method, ...body })).status).toBe(403)
  }
  expect(web.calibrations.asked).toEqual([])
  expect(await web.json(PATH, 'carl')).toEqual({ calibration: null })
  expect((await web.ask(PATH, 'carl', { method: 'DELETE' })).status).toBe(404)

  const begun = await post(PATH, 'carl', { seconds: 60 })
  expect(begun.status).toBe(202)
  expect(await begun.json()).toMatchObject({ state: 'running', by: 'carl', seconds: 60, mostRequests: 500 })
  expect(web.calibrations.asked).toMatchObject([{ source: 'line', by: { user: 'carl', origin: 'http' } }])
  const second = await post(PATH, 'cora', {})
  expect(second.status).toBe(409)
  expect(await second.json()).toMatchObject({ code: 'CALIBRATION_BUSY' })
  expect((await web.ask(PATH, 'cora', { method: 'DELETE' })).status).toBe(202)
  expect(await web.json(PATH, 'carl')).toMatchObject({ calibration: { state: 'cancelled' } })
})

it('refuses bounds that it does not have, and sources that are not there', async () => {
  const wrong = await post(PATH, 'carl', { seconds: 0, mostRequests: 1e9, wirte: true })
  expect(wrong.status).toBe(400)
  const { errors } = (await wrong.json()) as { errors: { field: string }[] }
  expect(errors.map(({ field }) => field).toSorted()).toEqual(['mostRequests', 'seconds', 'wirte'])
  expect((await post('/api/v1/diagnostics/lime/calibration', 'carl', {})).status).toBe(404)
})

it('gives its proposal into the draft, where all else stays as it was', async () => {
  const last = web.calibrations.last as CalibrationReport
  web.calibrations.last = { ...last, state: 'done', proposal: { source: {}, device: {} } }
  const none = await post(`${PATH}/draft`, 'carl')
  expect(none.status).toBe(409)
  expect(await none.json()).toMatchObject({ code: 'CALIBRATION_PROPOSES_NOTHING' })

  const proposal = { source: { timeout: '200ms' }, device: { maxRegisters: 12 } }
  web.calibrations.last = { ...last, state: 'done', proposal }
  expect((await post(`${PATH}/draft`, 'oscar')).status).toBe(403)
  const taken = (await (await post(`${PATH}/draft`, 'carl')).json()) as { draft: { changes: { at: string }[] } }
  expect(taken.draft.changes.map(({ at }) => at).toSorted()).toEqual([
    'sources/line/devices/meter/maxRegisters',
    'sources/line/timeout',
  ])
  const { text } = await web.json<{ text: string }>('/api/v1/configuration/draft/text', 'carl')
  expect(text).toContain('# behind the press')
  expect(text).toContain('timeout: 200ms')
})
