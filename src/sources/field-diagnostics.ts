import type { Clock } from '../core/clock.ts'
import { FrameRing, type FrameWords } from './frame-ring.ts'
import { LineFigures } from './line-figures.ts'

/** What is kept of a line for whoever looks for the cause of trouble. */
export interface FieldDiagnostics {
  readonly figures: LineFigures
  readonly frames: FrameRing
}

export const fieldDiagnostics = (clock: Clock, words: FrameWords): FieldDiagnostics => ({
  figures: new LineFigures(clock),
  frames: new FrameRing(clock, words),
})
