import { describe, expect, it } from 'vitest'
import { aGatewayHealth } from '../../support/gateway-health.ts'

const stateOf = (settings: Parameters<typeof aGatewayHealth>[0]) =>
  Object.fromEntries(aGatewayHealth(settings).checks.map(({ name, state }) => [name, state]))

describe('the checks of a gateway', () => {
  it('are all named, and in order where everything is', () => {
    const names = [
      'engine',
      'opcua',
      'safe-mode',
      'engine-heard',
      'store',
      'history',
      'postgres',
      'certificates',
      'disk',
      'backup',
    ]
    expect(stateOf({})).toEqual(Object.fromEntries(names.map((name) => [name, 'ok'])))
  })

  it('leave the backup out where none is scheduled', () => {
    expect(stateOf({ backup: null })).not.toHaveProperty('backup')
  })

  it('leave PostgreSQL out where it is not configured, and warn while it takes nothing', () => {
    const { engine } = aGatewayHealth()
    if (!engine?.sink) throw new Error('the gateway has a sink')
    expect(stateOf({ engine: { ...engine, sink: undefined } })).not.toHaveProperty('postgres')
    const reason = 'PostgreSQL at db:5432 cannot be reached'
    const health = aGatewayHealth({ engine: { ...engine, sink: { ...engine.sink, state: 'backoff', reason } } })
    expect(health.ready).toBe(true)
    expect(health.checks).toContainEqual({ name: 'postgres', state: 'warning', reason })
  })

  it('fail for a room that does not run, and leave open what only that room knows', () => {
    const { rooms } = aGatewayHealth()
    const engine = { state: 'backoff', restarts: 1, lastRestart: 'its event loop hung' }
    const { checks } = aGatewayHealth({ engine: null, rooms: { ...rooms, engine } })
    expect(checks.find(({ name }) => name === 'engine')).toMatchObject({
      state: 'failing',
      reason: expect.stringContaining('its event loop hung'),
    })
    expect(checks.filter(({ state }) => state === 'unknown').map(({ name }) => name)).toEqual(['store', 'history'])
  })

  it('warn, in the words of whoever found it, of what does not make the gateway unready', () => {
    const disk = { freeBytes: 1, sizeBytes: 2, reason: 'Only 0 MB are free' }
    const { checks } = aGatewayHealth({ disk, backup: { lastAt: null, reason: 'The disk is full' } })
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([
      { name: 'disk', state: 'warning', reason: 'Only 0 MB are free' },
      { name: 'backup', state: 'warning', reason: 'The disk is full' },
    ])
  })
})
