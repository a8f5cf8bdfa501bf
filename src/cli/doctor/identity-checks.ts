import { X509Certificate } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Milliseconds } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import { applicationUriOf } from '../../opcua/application-uri.ts'
import { faultsOf } from '../../opcua/server-certificate.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** The year of this version: no clock that is right says an earlier one. */
const EARLIEST_YEAR = 2026
const LATEST_YEAR = 2100

/** Certificates and timestamps are worth what the clock is worth. */
export function checkClock(now: Milliseconds): Finding {
  const time = new Date(now)
  const year = time.getUTCFullYear()
  if (year >= EARLIEST_YEAR && year < LATEST_YEAR) return ok('clock', `It is ${time.toISOString()}`)
  const text = `The clock of this machine says ${time.toISOString()}`
  return problem('clock', text, 'Set it, and keep it right with NTP: values get their times from it.')
}

/** Whether clients that resolve as this machine does find the server under the names that it tells them. */
export async function checkHostnames({ hostname, alternateHostnames }: Config['opcua']): Promise<readonly Finding[]> {
  const findings = [hostname, ...alternateHostnames].map(async (name) => {
    if (isIP(name) !== 0) return ok('host name', `${name} is an address`)
    try {
      const { address } = await lookup(name)
      return ok('host name', `${name} is ${address}`)
    } catch (error) {
      const text = `${name} cannot be resolved here (${describeError(error)}), and clients are sent there`
      return warning('host name', text, 'Add it to the DNS or to /etc/hosts of the clients, or set opcua.hostname.')
    }
  })
  return Promise.all(findings)
}

/** The certificate of the OPC UA server: its names and its time. */
export function checkCertificate(dataFolder: string, opcua: Config['opcua'], now: Milliseconds): Finding {
  const file = join(dataFolder, 'pki/application/own/certs/certificate.pem')
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(readFileSync(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return ok('certificate', 'There is none yet; one is made at the first start')
    }
    const mend = 'Let this user read it, or move it aside: a new one is made at the next start.'
    return problem('certificate', `${file} cannot be read (${describeError(error)})`, mend)
  }
  const { hostname, alternateHostnames } = opcua
  const demands = { hostname, required: [hostname, ...alternateHostnames], welcome: async () => [] }
  const faults = faultsOf(certificate, applicationUriOf(certificate) ?? '', demands, now)
  const begins = certificate.validFromDate
  if (begins.getTime() > now) faults.push(`it is valid from ${begins.toISOString()} only: check the clock`)
  const ends = certificate.validToDate
  if (faults.length === 0) return ok('certificate', `It has every name, and ends on ${ends.toISOString()}`)
  const mend = certificate.checkIssued(certificate)
    ? 'The next start replaces it, with the same key; clients have to trust the new one.'
    : 'Have its issuer make one for the same key and ApplicationUri, with every name.'
  const holds = begins.getTime() <= now && now < ends.getTime()
  return (holds ? warning : problem)('certificate', `${file}: ${faults.join('; ')}`, mend)
}
