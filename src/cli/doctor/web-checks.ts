import { X509Certificate } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import type { Milliseconds } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import { isLoopback } from '../../core/loopback.ts'
import { filesOf, ownFiles, readPair, webNames } from '../../gateway/web-tls-of.ts'
import { missingNames } from '../../http/tls/own-certificate.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const DAY: Milliseconds = 86_400_000
const WARN_BEFORE: Milliseconds = 30 * DAY

/** How pages and API are protected on the way, and the certificate that does it: its key, its names and its time. */
export async function checkWeb(config: Config, now: Milliseconds): Promise<readonly Finding[]> {
  const { tls, bind, allowUnencrypted, behindProxy } = config.http
  if (!tls?.enabled) {
    if (!allowUnencrypted || bind === 'localhost' || isLoopback(bind)) return []
    const text = `Pages and API are served at ${bind} without encryption (http.allowUnencrypted)`
    return [warning('web', text, behindProxy ? 'Leave it to the proxy alone.' : 'Set http.tls in its place.')]
  }
  const given = filesOf(tls)
  const files = given ?? ownFiles(config.gateway.data)
  let certificate: string
  try {
    ;({ certificate } = await readPair(files, now))
  } catch (error) {
    if (!given) return [ok('web', 'The gateway makes a certificate for pages and API at its start')]
    const mend = 'A gateway that runs goes on with the former pair; without one it does not start.'
    return [problem('web', describeError(error), mend)]
  }
  const end = new X509Certificate(certificate).validToDate
  const missing = missingNames(certificate, webNames(config).slice(0, 1))
  if (given && end.getTime() - now < WARN_BEFORE) {
    return [
      warning('web', `${files.certificateFile} expires on ${end.toISOString()}`, 'Renew it; no restart is needed.'),
    ]
  }
  if (given && missing.length > 0) {
    const mend = 'Browsers that come by this name refuse it: have one made with every name by which they come.'
    return [warning('web', `${files.certificateFile} lacks the name ${missing.join(', ')} (opcua.hostname)`, mend)]
  }
  return [ok('web', `The certificate of pages and API ends on ${end.toISOString()}`)]
}
