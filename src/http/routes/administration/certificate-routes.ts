import { z } from 'zod'
import type { CertificateChange } from '../../../core/certificate.ts'
import { ApiProblem, notFound } from '../../api/problem.ts'
import { type Asked, type Route, route } from '../../api/route.ts'
import {
  type CertificatesAnswer,
  certificateName,
  certificates,
  decision,
  newCertificate,
  newList,
} from '../../api/schemas/administration.ts'
import { actorOf } from '../command-api-routes.ts'
import { orSilent, type WebService } from '../service.ts'
import { OPCUA_SILENT } from './opcua-session-routes.ts'

const LONGEST_UPLOAD = 2_000_000
const group = 'Certificates'
const right = 'administerSecurity'
const actions = { trusted: 'trust', rejected: 'reject', revoked: 'revoke' } as const

/** Whom the OPC UA server trusts, and who it is itself. */
export function certificateRoutes({ certificates: desk }: WebService): Route[] {
  const all = (): Promise<CertificatesAnswer> =>
    orSilent(async () => {
      const [known, lists] = await Promise.all([desk.certificates(), desk.revocationLists()])
      return { certificates: known.map((each) => ({ ...each })), lists: lists.map((each) => ({ ...each })) }
    }, OPCUA_SILENT)
  const change = async (wanted: CertificateChange, asked: Asked): Promise<CertificatesAnswer> => {
    const answer = await orSilent(() => desk.changeCertificates(wanted, actorOf(asked)), OPCUA_SILENT)
    if ('refused' in answer) throw new ApiProblem({ status: 409, code: 'CERTIFICATE_REFUSED', detail: answer.refused })
    return all()
  }
  return [
    route({
      method: 'GET',
      path: '/certificates',
      right,
      group,
      summary: 'Every certificate that the OPC UA server has or has seen, and the revocation lists that count',
      answer: certificates,
      handle: all,
    }),
    route({
      method: 'GET',
      path: '/certificates/{store}/{thumbprint}/certificate.pem',
      right,
      group,
      summary: 'One certificate as a file, for clients that have to trust it',
      pathParameters: certificateName,
      answer: z.string(),
      mediaType: 'application/x-pem-file',
      handle: async ({ path }, { context }) => {
        const pem = await orSilent(() => desk.certificateText(path), OPCUA_SILENT)
        if (pem === null) throw notFound(`There is no certificate ${path.thumbprint} in ${path.store}.`)
        context.set('Content-Disposition', `attachment; filename="${path.thumbprint.toLowerCase()}.pem"`)
        context.type = 'application/x-pem-file'
        context.body = pem
        return ''
      },
    }),
    route({
      method: 'POST',
      path: '/certificates',
      right,
      group,
      summary: 'Trust a certificate that was not seen yet',
      description: 'Of an authority: also what it issued, once there is its revocation list.',
      body: newCertificate,
      longestBody: LONGEST_UPLOAD,
      answer: certificates,
      handle: async ({ body }, asked) => change({ action: 'add', ...body }, asked),
    }),
    route({
      method: 'POST',
      path: '/certificates/lists',
      right,
      group,
      summary: "Take an authority's revocation list (CRL) in place of its former one",
      description: 'It is believed only if the authority is trusted here and has signed it.',
      body: newList,
      longestBody: LONGEST_UPLOAD,
      answer: certificates,
      handle: async ({ body }, asked) => change({ action: 'crl', ...body }, asked),
    }),
    route({
      method: 'PUT',
      path: '/certificates/{store}/{thumbprint}',
      right,
      group,
      summary: 'Decide about a certificate, live',
      description: 'Connections that it does not allow any more are ended before this is answered.',
      pathParameters: certificateName,
      body: decision,
      answer: certificates,
      handle: async ({ path, body }, asked) => change({ action: actions[body.place], ...path }, asked),
    }),
  ]
}
