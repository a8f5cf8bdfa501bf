import { describe, expect, it } from 'vitest'
import { configOf, linesOf } from './loading.ts'

const withHistory = (settings: string) => `history: { ${settings} }\nsources: []\n`

describe('what the history may take', () => {
  it.each([
    ['10MB', 10_000_000],
    ['20GB', 20_000_000_000],
    ['2TB', 2_000_000_000_000],
  ])('is written as %s', (written, bytes) => {
    expect(configOf(withHistory(`maxSize: ${written}`)).history).toMatchObject({ maxSize: bytes })
  })

  it('has bounds and a unit, which is said', () => {
    for (const wrong of ['9MB', '20', '1.5GB', '101TB']) {
      expect(linesOf(withHistory(`maxSize: ${wrong}`)).join()).toContain('MB, GB or TB, from 10MB to 100TB')
    }
  })
})

describe('when old values are deleted', () => {
  it('is five fields of cron', () => {
    for (const schedule of ['30 2 * * *', '*/5 * * * 1-5']) {
      expect(configOf(withHistory(`schedule: "${schedule}"`)).history.schedule).toBe(schedule)
    }
  })

  it('is nothing that cron does not understand', () => {
    for (const wrong of ['61 * * * *', '0 30 2 * * *', 'at night']) {
      expect(linesOf(withHistory(`schedule: "${wrong}"`)).join()).toContain('history.schedule')
    }
  })
})

it('how history is kept can be said of a device, a tag and a template', () => {
  const { templates, sources } = configOf(`
templates:
  - { key: climate, history: interval, historyInterval: 5m, tags: [{ key: t, type: Double, address: object.t }] }
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices:
      - key: meter
        unitId: 1
        history: change
        historyHeartbeat: 1h
        tags: [{ key: a, type: Float, address: 'holding:1', history: interval, historyInterval: 10s }]
`)
  expect(templates[0]).toMatchObject({ history: 'interval', historyIntervalMs: 300_000 })
  expect(sources[0]?.devices[0]).toMatchObject({
    history: 'change',
    historyHeartbeatMs: 3_600_000,
    tags: [{ history: 'interval', historyIntervalMs: 10_000 }],
  })
})
