import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { CertificateChange, CertificateStoreName, KnownCertificate } from '../../core/certificate.ts'
import { systemClock } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { CertificateDesk } from '../../opcua/certificate-desk.ts'
import { CertificateStore } from '../../opcua/certificate-store.ts'
import { removeStalePkiLocks } from '../../opcua/pki-locks.ts'
import { AuditLog } from '../../store/audit.ts'
import { openPenstockDatabase } from '../../store/penstock-database.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import { type AdministratorCall, type AdministratorFlags, askAdministrator } from './ask-administrator.ts'
import { type AdministeredFlags, administered, asOwner, fileOwner, isRunning } from './gateway-folder.ts'
import type { PasswordInput } from './typed-password.ts'

const PATH = '/certificates'

export type CertificateFlags = AdministratorFlags &
  AdministeredFlags & {
    readonly json?: boolean | undefined
    /** Certificates that users log in with, not those of clients. */
    readonly users?: boolean | undefined
  }

/** What `penstock certificates` was asked to do. */
export type CertificateTask =
  | { readonly action: 'list' }
  | { readonly action: 'trust' | 'reject' | 'revoke'; readonly thumbprint: string }
  | { readonly action: 'add'; readonly file: string }
  | { readonly action: 'crl'; readonly file: string }

/**
 * `penstock certificates …`: lists and decides about certificates; through the gateway while it runs, where it takes an
 * administrator, and else in its folder. Throws ClientFailure (usage, refused, unreachable), ConfigurationRefused.
 */
export async function certificates(
  task: CertificateTask,
  flags: CertificateFlags,
  input: PasswordInput,
  out: Output,
): Promise<number> {
  const config = administered(flags, input.env)
  const change = task.action === 'list' ? undefined : changeOf(task, flags.users ? 'users' : 'application')
  const known = isRunning(config)
    ? (await askAdministrator<{ certificates: KnownCertificate[] }>(config, [callOf(change)], flags, input))
        .certificates
    : await asOwner(config, () => inFolder(config, change))
  if (flags.json) out.line(JSON.stringify(known))
  else if (known.length === 0) out.line('There are no certificates yet.')
  else for (const line of table(known.map(rowOf))) out.line(line)
  return ExitCode.ok
}

function changeOf(task: Exclude<CertificateTask, { action: 'list' }>, store: CertificateStoreName): CertificateChange {
  if (task.action === 'add') return { action: 'add', store, certificate: contentOf(task.file) }
  if (task.action === 'crl') return { action: 'crl', store, list: contentOf(task.file) }
  const thumbprint = task.thumbprint.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{40}$/.test(thumbprint)) return { action: task.action, store, thumbprint }
  throw new ClientFailure(ExitCode.usage, `${task.thumbprint} is no thumbprint, which has 40 hexadecimal digits`)
}

/** As the gateway's API takes it; each answers all certificates. */
function callOf(change: CertificateChange | undefined): AdministratorCall {
  if (!change) return { method: 'GET', path: PATH }
  if (change.action === 'add') {
    const { store, certificate } = change
    return { method: 'POST', path: PATH, body: { store, certificate } }
  }
  if (change.action === 'crl')
    return { method: 'POST', path: `${PATH}/lists`, body: { store: change.store, list: change.list } }
  const place = ({ trust: 'trusted', reject: 'rejected', revoke: 'revoked' } as const)[change.action]
  return { method: 'PUT', path: `${PATH}/${change.store}/${change.thumbprint}`, body: { place } }
}

/** PEM as it stands; DER as Base64. */
function contentOf(file: string): string {
  try {
    const content = readFileSync(file)
    return content.includes('-----BEGIN ') ? content.toString('utf8') : content.toString('base64')
  } catch (error) {
    throw new ClientFailure(ExitCode.usage, `${file} cannot be read (${describeError(error)})`)
  }
}

async function inFolder(config: Config, change: CertificateChange | undefined): Promise<readonly KnownCertificate[]> {
  const pkiFolder = join(config.gateway.data, 'pki')
  await removeStalePkiLocks(pkiFolder)
  const open = async (name: CertificateStoreName) => {
    const folder = join(pkiFolder, name)
    const store = new CertificateStore({ folder, trustUnknown: false, clock: systemClock, log: silentLogger })
    await store.open()
    return store
  }
  const stores = { application: await open('application'), users: await open('users') }
  try {
    const desk = new CertificateDesk(stores)
    if (!change) return await desk.list()
    const answer = await desk.change(change)
    if ('refused' in answer) throw new ClientFailure(ExitCode.refused, answer.refused)
    noteChange(config, change)
    return answer.certificates
  } finally {
    await stores.application.dispose()
    await stores.users.dispose()
  }
}

function noteChange(config: Config, change: CertificateChange): void {
  const database = openPenstockDatabase(config.gateway.data)
  try {
    new AuditLog(database).append({
      at: systemClock.now(),
      by: fileOwner(),
      action: `certificate.${change.action}`,
      subject: 'thumbprint' in change ? change.thumbprint : '',
      outcome: 'done',
      details: { store: change.store },
    })
  } finally {
    database.close()
  }
}

const rowOf = ({ store, place, thumbprint, subject, validTo }: KnownCertificate): string[] => [
  store === 'application' ? 'client' : 'user',
  place,
  thumbprint,
  validTo === null ? '-' : `until ${new Date(validTo).toISOString().slice(0, 10)}`,
  subject,
]
