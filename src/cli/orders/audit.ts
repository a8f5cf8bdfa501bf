import type { AuditRow } from '../../core/audit.ts'
import { ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import type { LocalGateway } from '../config/local-gateway.ts'

export interface AuditFlags {
  readonly limit: string
  readonly before?: string
  readonly json?: boolean
}

/** `penstock audit`: the last rows of the audit log, the newest last. Throws ClientFailure. */
export async function audit(
  gateway: Pick<LocalGateway, 'ask'>,
  { limit, before, json }: AuditFlags,
  out: Output,
): Promise<number> {
  const query = new URLSearchParams({ limit, ...(before === undefined ? {} : { before }) })
  const { rows } = await gateway.ask<{ rows: AuditRow[] }>('GET', `/audit?${query.toString()}`)
  const inOrder = [...rows].reverse()
  for (const line of json ? inOrder.map((row) => JSON.stringify(row)) : table(inOrder.map(cells))) out.line(line)
  return ExitCode.ok
}

const cells = ({ id, at, by, action, subject, outcome, details = {} }: AuditRow): string[] => [
  String(id),
  new Date(at).toISOString(),
  `${by.user} (${by.origin}${by.address === undefined ? '' : ` ${by.address}`})`,
  action,
  subject,
  outcome,
  JSON.stringify(details),
]
