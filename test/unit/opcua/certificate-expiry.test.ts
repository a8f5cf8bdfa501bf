import { expect, it } from 'vitest'
import type { KnownCertificate } from '../../../src/core/certificate.ts'
import { CertificateExpiry } from '../../../src/opcua/certificate-expiry.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

const DAY = 86_400_000

function make(days: number, place: KnownCertificate['place'] = 'trusted') {
  const clock = new ManualClock()
  const { log, logged } = recordingLogger()
  const certificate: KnownCertificate = {
    store: 'application',
    place,
    thumbprint: 'ab'.repeat(20),
    subject: 'CN=Scada',
    issuer: 'CN=plant',
    applicationUri: 'urn:plant',
    isAuthority: false,
    validFrom: 0,
    validTo: clock.now() + days * DAY,
  }
  const expiry = new CertificateExpiry({ list: async () => [certificate], clock, log })
  return { clock, logged, expiry }
}

it('a certificate that is relied on is warned of 30, 7 and 1 days before its end, and when it has ended', async () => {
  const { clock, logged, expiry } = make(40)
  await expiry.look()
  expect(expiry.ending).toEqual([])

  for (let day = 0; day < 45; day++) await clock.advance(DAY)

  expect(logged.map(({ level, fields }) => `${level} ${fields.days ?? 'ended'}`)).toEqual([
    'warn 30',
    'warn 7',
    'warn 1',
    'error ended',
  ])
  expect(expiry.ending).toHaveLength(1)
  expiry.stop()
  expect(clock.pendingTimers).toBe(0)
})

it.each(['rejected', 'revoked'] as const)('nobody is told of the end of a %s one', async (place) => {
  const { logged, expiry } = make(1, place)
  await expiry.look()

  expect(logged).toEqual([])
  expect(expiry.ending).toEqual([])
})
