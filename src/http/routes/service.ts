import type { Drafts } from '../../config/drafts.ts'
import type { Clock } from '../../core/clock.ts'
import type { Findings } from '../../core/drift.ts'
import { isRetryable, PenstockError } from '../../core/errors.ts'
import type { HistorySource } from '../../core/history-source.ts'
import type { Gate } from '../access/gate.ts'
import type { Accounts, WebUsers } from '../access/web-users.ts'
import { engineSilent } from '../api/problem.ts'
import type { CertificateAdministration } from '../certificate-routes.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { GatewayHealth } from '../gateway-health.ts'
import type { EngineFeed } from '../live/engine-feed.ts'
import type { PlantMirror } from '../live/plant-mirror.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { OperatorParts } from '../operator-answers.ts'
import type { PlantImports } from '../plant-imports.ts'

/** What the routes answer from. */
export interface WebService extends OperatorParts {
  /** Name of the gateway. */
  readonly name: string
  readonly clock: Clock
  readonly gate: Gate
  readonly users: WebUsers
  readonly accounts: Accounts
  /** What users change of the configuration. */
  readonly drafts: Drafts
  /** Files of other products that users import. */
  readonly imports: PlantImports
  readonly metrics: Metrics
  readonly certificates: CertificateAdministration
  readonly feed: EngineFeed
  readonly history: HistorySource
  readonly diagnosis: Diagnosis
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
