import { expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/core/audit.ts'
import { AuditDigest } from '../../../src/core/audit-digest.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function make() {
  const clock = new ManualClock()
  const sent: AuditEntry[] = []
  const digest = new AuditDigest({ clock, send: (entries) => sent.push(...entries) })
  const fail = (user: string, address = '10.0.0.1') =>
    digest.add({
      at: clock.now(),
      by: { user, origin: 'opcua', address },
      action: 'opcua.ActivateSession',
      subject: '',
      outcome: 'refused',
    })
  return { clock, sent, fail }
}

it('the first of its kind is written at once, and the same within a minute as one entry with its number', async () => {
  const { clock, sent, fail } = make()
  for (let attempt = 0; attempt < 1_000; attempt++) fail('olga')
  expect(sent).toHaveLength(1)

  await clock.advance(60_000)

  expect(sent).toHaveLength(2)
  expect(sent[1]?.details).toMatchObject({ repeated: 999 })
  await clock.advance(600_000)
  expect(sent).toHaveLength(2)
  expect(clock.pendingTimers).toBe(0)
})

it('what another user does, or the same from elsewhere, is an entry of its own', () => {
  const { sent, fail } = make()
  fail('olga')
  fail('emil')
  fail('olga', '10.0.0.2')

  expect(sent).toHaveLength(3)
})

it('ever new names in a flood do not make ever new entries', async () => {
  const { clock, sent, fail } = make()
  for (let attempt = 0; attempt < 10_000; attempt++) fail(`guess-${attempt}`)

  await clock.advance(60_000)

  expect(sent.length).toBeLessThanOrEqual(201)
  expect(sent.at(-1)).toMatchObject({ action: 'audit.more', details: { repeated: 9_800 } })
})
