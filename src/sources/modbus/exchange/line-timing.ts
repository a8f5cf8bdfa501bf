import type { Milliseconds } from '../../../core/clock.ts'
import type { SerialLineConfig } from '../../../core/plant.ts'

/** The times of a serial line. */
export interface LineTiming {
  /** How long one character takes; 0 where it is not known. */
  readonly characterMs: Milliseconds
  /** The silence between frames. */
  readonly silenceMs: Milliseconds
  /** What came is looked through for an answer when nothing more came for so long. */
  readonly pauseMs: Milliseconds
  /** How long the line is left alone after a question that was not answered. */
  readonly guardMs: Milliseconds
}

/** Above this baud rate the silence is fixed. */
const FAST_LINE = 19_200
const FAST_SILENCE: Milliseconds = 1.75
/** Timers are no finer, and adapters hand characters over in bundles. */
const LEAST_SILENCE: Milliseconds = 2
const ADAPTER_PAUSE: Milliseconds = 20
const NETWORK_PAUSE: Milliseconds = 50
const GUARD: Milliseconds = 100

/** MODBUS over Serial Line V1.02 §2.5.1.1: 3.5 characters between frames, and 1.750 ms above 19200 baud. */
export function timingOf({ baudRate, dataBits, parity, stopBits }: SerialLineConfig): LineTiming {
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits
  const characterMs = (bits * 1_000) / baudRate
  const silence = baudRate > FAST_LINE ? FAST_SILENCE : 3.5 * characterMs
  const silenceMs = Math.max(silence, LEAST_SILENCE)
  return { characterMs, silenceMs, pauseMs: silenceMs + ADAPTER_PAUSE, guardMs: Math.max(GUARD, silenceMs) }
}

/** Of a line behind a gateway, which keeps its times by itself. */
export const networkTiming: LineTiming = {
  characterMs: 0,
  silenceMs: LEAST_SILENCE,
  pauseMs: NETWORK_PAUSE,
  guardMs: GUARD,
}
