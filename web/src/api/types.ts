/** What the API answers: the types of the very schemas that it is documented by. */
export type { AccessAnswer, MadeTokenAnswer } from '../../../src/http/api/schemas/access.ts'
export type {
  BackupsAnswer,
  CertificatesAnswer,
  EventsAnswer,
  OpcuaSessionsAnswer,
  SettingsAnswer,
  SystemAnswer,
  UserAnswered,
} from '../../../src/http/api/schemas/administration.ts'
export type { CalibrationAnswer, LastCalibrationAnswer } from '../../../src/http/api/schemas/calibration.ts'
export type {
  AuditAnswer,
  CommandAnswered,
  CommandDetailAnswer,
  DeviceCommandsAnswer,
} from '../../../src/http/api/schemas/commands.ts'
export type {
  AppliedAnswer,
  ChangedAnswer,
  ChangedOrSeenAnswer,
  DraftAnswer,
  MaybeDraftAnswer,
  OutlineAnswer,
  SettingAnswer,
  TagImportAnswer,
  VersionAnswer,
  VersionsAnswer,
} from '../../../src/http/api/schemas/configuration.ts'
export type { DiagnosticsAnswer, FrameTraceAnswer, ReadingAnswer } from '../../../src/http/api/schemas/diagnostics.ts'
export type { FindingsAnswer } from '../../../src/http/api/schemas/discovery.ts'
export type { GatewayHealthAnswer, SourceHealthAnswer } from '../../../src/http/api/schemas/health.ts'
export type { PlantImportAnswer } from '../../../src/http/api/schemas/imports.ts'
export type {
  DeviceAnswer,
  PlantAnswer,
  TagAnswer,
  TagDetailAnswer,
  TagWatchersAnswer,
} from '../../../src/http/api/schemas/plant.ts'
export type { Problem } from '../../../src/http/api/schemas/problem.ts'
export type { SessionAnswer } from '../../../src/http/api/schemas/session.ts'
export type { SecretPlacesAnswer, SetupClientsAnswer, TestReportAnswer } from '../../../src/http/api/schemas/setup.ts'
export type { TagValueAnswer, TrendAnswer } from '../../../src/http/api/schemas/values.ts'
