import type { ConfigurationDesk } from '../../config/desk.ts'
import type { Environment } from '../../config/environment.ts'
import type { Clock } from '../../core/clock.ts'
import type { ListedUser, UserRecord } from '../../core/user.ts'
import type { GatewayHealth } from '../../http/gateway-health.ts'
import type { Rooms } from '../../rooms/gateway.ts'
import type { RecentLog } from '../../telemetry/recent-log.ts'
import { aboutMachine, dataFiles, maskedConfiguration, secretsAround } from './facts.ts'
import { SecretMask } from './mask.ts'
import { supportArchive } from './support-files.ts'

/** Rows of the audit log that go along, the newest. */
const AUDIT_ROWS = 500

export interface SupportBundleParts {
  readonly dataFolder: string
  readonly secrets: Readonly<Record<string, string>>
  readonly env: Environment
  readonly rooms: Pick<Rooms, 'audit' | 'certificates' | 'diagnostics' | 'findings'>
  readonly users: { list(): readonly ListedUser[]; readonly records: readonly UserRecord[] }
  readonly health: () => Promise<GatewayHealth>
  readonly configuration: Pick<ConfigurationDesk, 'current'>
  readonly recentLog: RecentLog
  /** What `penstock doctor` says of this configuration; absent: nobody can say. */
  readonly examine: ((text: string) => Promise<unknown>) | undefined
  readonly clock: Clock
}

/** As `supportBundle`, one at a time: whoever asks meanwhile gets the same. */
export function supportDesk(parts: SupportBundleParts): () => Promise<Buffer> {
  let making: Promise<Buffer> | undefined
  return () => {
    making ??= supportBundle(parts).finally(() => {
      making = undefined
    })
    return making
  }
}

/** What a gateway that runs knows of itself, as a `.tar.gz` without secrets. */
export async function supportBundle(parts: SupportBundleParts): Promise<Buffer> {
  const { dataFolder, secrets, env, rooms, users, health, configuration, recentLog, examine, clock } = parts
  const now = clock.now()
  const hashes = users.records.flatMap(({ passwordHash }) => passwordHash ?? [])
  const mask = new SecretMask([...Object.values(secrets), ...secretsAround(dataFolder, env), ...hashes])
  const { text, origins, version } = configuration.current()
  const files = {
    'about.json': () => aboutMachine(now),
    'health.json': health,
    'configuration.yaml': () => maskedConfiguration(text),
    'settings.json': () => ({ version, origins }),
    'findings.json': () => rooms.findings(),
    'diagnostics.json': () => rooms.diagnostics(undefined),
    'audit.json': () => rooms.audit(AUDIT_ROWS, undefined),
    'users.json': () => users.list(),
    'certificates.json': () => rooms.certificates(),
    'data-folder.json': () => dataFiles(dataFolder),
    'doctor.json': () => examine?.(text) ?? 'The doctor was not asked: run penstock doctor.\n',
    'log.jsonl': () => `${recentLog.lines().join('\n')}\n`,
  }
  return supportArchive(files, mask, now)
}
