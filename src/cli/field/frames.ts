import { pause, systemClock } from '../../core/clock.ts'
import type { FrameRecord, FrameTrace } from '../../core/diagnostics.ts'
import { ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { GatewayAddress } from '../gateway/address.ts'
import { askGateway } from './ask-gateway.ts'

export interface FramesOptions {
  readonly gateway: GatewayAddress
  readonly follow: boolean
  readonly json: boolean
}

const ASK_EVERY_MS = 500
const arrows: Readonly<Record<FrameRecord['kind'], string>> = {
  sent: '→',
  answer: '←',
  stray: '← stray',
  invalid: '← invalid',
  note: '·',
}

/** `penstock frames`: what went over a source's connection, and what comes, until `signal` aborts. */
export async function frames(
  source: string,
  options: FramesOptions,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  let after = 0
  for (;;) {
    const path = `/diagnostics/${encodeURIComponent(source)}/frames?after=${after}`
    const { frames: taken, missed } = await askGateway<FrameTrace>(options.gateway, path)
    if (after > 0 && missed > 0)
      out.notice(`${missed} frames came and went unseen: they come faster than they are asked for`)
    for (const frame of taken) out.line(options.json ? JSON.stringify(frame) : inWords(frame))
    after = taken.at(-1)?.number ?? after
    if (!options.follow) return ExitCode.ok
    await pause(systemClock, ASK_EVERY_MS, signal)
    if (signal.aborted) return ExitCode.ok
  }
}

/** One entry of a trace for people. */
export function inWords({ at, kind, text, hex }: FrameRecord): string {
  const head = `${new Date(at).toISOString()} ${arrows[kind]} ${text}`
  return hex === '' ? head : `${head}\n    ${spaced(hex)}`
}

const spaced = (hex: string): string => hex.replace(/(..)(?!$)/g, '$1 ')
