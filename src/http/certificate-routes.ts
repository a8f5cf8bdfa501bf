import type { Middleware } from 'koa'
import { z } from 'zod'
import {
  type CertificateAnswer,
  type CertificateChange,
  certificateStores,
  type KnownCertificate,
} from '../core/certificate.ts'
import type { Actor } from '../core/command.ts'
import { PenstockError } from '../core/errors.ts'
import type { User } from '../core/user.ts'
import { refuseUnlessAdministrator } from './administrator.ts'
import { checkedBody } from './checked-body.ts'

/** The certificates that the OPC UA room keeps; rejects with ROOM_UNAVAILABLE or TIMEOUT while there is none. */
export interface CertificateAdministration {
  certificates(): Promise<readonly KnownCertificate[]>
  changeCertificates(change: CertificateChange, by: Actor): Promise<CertificateAnswer>
}

const store = z.enum(certificateStores)
const thumbprint = z.string().regex(/^[0-9A-Fa-f]{40}$/, 'is no thumbprint, which has 40 hexadecimal digits')
const pem = z.string().max(1_500_000)
const certificateChange: z.ZodType<CertificateChange> = z.discriminatedUnion('action', [
  z.strictObject({ action: z.enum(['trust', 'reject', 'revoke']), store, thumbprint }),
  z.strictObject({ action: z.literal('add'), store, certificate: pem }),
  z.strictObject({ action: z.literal('crl'), store, list: pem }),
])

/**
 * `GET /security/certificates` lists certificates; `POST` makes one change (`CertificateChange` as JSON). For the same
 * people as `/security/users`, with the same answers, and 503 while there is no OPC UA room.
 */
export function certificateRoutes(
  users: { login(name: string, password: string, address: string): Promise<User | undefined> },
  administration: CertificateAdministration,
): Middleware {
  return async (context, next) => {
    if (context.path !== '/security/certificates') return next()
    const actor = await refuseUnlessAdministrator(context, users)
    if (!actor) return undefined
    try {
      if (context.method === 'GET') {
        context.body = { certificates: await administration.certificates() }
        return undefined
      }
      const change = await checkedBody(context, certificateChange)
      if (!change) return undefined
      const answer = await administration.changeCertificates(change, actor)
      context.status = 'refused' in answer ? 409 : 200
      context.body = 'refused' in answer ? { error: answer.refused } : answer
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      context.status = 503
      context.body = { error: 'The OPC UA server does not answer just now; ask again.' }
    }
    return undefined
  }
}
