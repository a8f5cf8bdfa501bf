import type { Drafts } from '../../config/drafts.ts'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../core/clock.ts'
import type { Findings } from '../../core/drift.ts'
import { isRetryable, PenstockError } from '../../core/errors.ts'
import type { HistorySource } from '../../core/history-source.ts'
import type { Gate } from '../access/gate.ts'
import type { Sessions } from '../access/sessions.ts'
import type { Accounts, WebUsers } from '../access/web-users.ts'
import { engineSilent } from '../api/problem.ts'
import type { CalibrationDesk } from '../calibration-desk.ts'
import type { CertificateDesk } from '../certificate-desk.ts'
import type { ConnectionTester } from '../connection-tester.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { GatewayHealth } from '../gateway-health.ts'
import type { EngineFeed } from '../live/engine-feed.ts'
import type { PlantMirror } from '../live/plant-mirror.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { OperatorParts } from '../operator-answers.ts'
import type { PlantImports } from '../plant-imports.ts'
import type { SecretsDesk } from '../secrets-desk.ts'
import type { SystemDesk } from '../system-desk.ts'
import type { TagWatchers } from '../tag-watchers.ts'

/** What the routes answer from. */
export interface WebService extends OperatorParts {
  /** Name of the gateway. */
  readonly name: string
  readonly clock: Clock
  readonly gate: Gate
  readonly users: WebUsers
  /** Of people at a browser. */
  readonly webSessions: Sessions
  readonly accounts: Accounts
  /** What users change of the configuration. */
  readonly drafts: Drafts
  /** Files of other products that users import. */
  readonly imports: PlantImports
  readonly metrics: Metrics
  readonly certificates: CertificateDesk
  readonly system: SystemDesk
  /** Tries sources before they run. */
  readonly connections: ConnectionTester
  /** Where API keys are kept that somebody types. */
  readonly secretsDesk: SecretsDesk
  /** Who is told of a tag. */
  readonly tagWatchers: TagWatchers
  /** What clients of the OPC UA server can choose. */
  readonly opcuaSecurity: Config['opcua']['security']
  readonly feed: EngineFeed
  readonly history: HistorySource
  readonly diagnosis: Diagnosis
  readonly calibrations: CalibrationDesk
  readonly health: () => Promise<GatewayHealth>
  /** null while the engine does not answer. */
  readonly findings: () => Promise<readonly Findings[] | null>
}

const LOOK_WITHIN_MS = 3_000

/** What the engine says or said last. Throws ApiProblem 503 where that is nothing. */
export const mirrorOf = ({ feed }: WebService): Promise<PlantMirror> => orSilent(() => feed.look(LOOK_WITHIN_MS))

/** What is asked of the engine; a room that does not answer is an ApiProblem 503. */
export async function orSilent<Answer>(ask: () => Promise<Answer>, detail?: string): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof PenstockError && isRetryable(error)) throw engineSilent(detail)
    throw error
  }
}
