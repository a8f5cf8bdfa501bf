import type { CalibrationReport, WantedCalibration } from '../core/calibration.ts'
import type { Actor } from '../core/command.ts'
import type { ReadProblem } from '../core/diagnostics.ts'

/** Measures what devices bear; all reject with ROOM_UNAVAILABLE or TIMEOUT while the engine does not answer. */
export interface CalibrationDesk {
  /** Begins; `busy`: one of the source runs already. */
  calibrate(wanted: WantedCalibration): Promise<CalibrationReport | ReadProblem>
  /** The one that runs, or the last one of the source; null: there was none since the engine began. */
  calibration(source: string): Promise<CalibrationReport | null>
  /** Ends it at once; null: none runs. */
  cancelCalibration(source: string, by: Actor): Promise<CalibrationReport | null>
}
