import type { Clock } from '../../../core/clock.ts'
import type { PenstockError } from '../../../core/errors.ts'
import type { ModbusSourceConfig } from '../../../core/plant.ts'
import { type FrameTap, noTap } from '../../frame-tap.ts'
import { asciiFraming } from '../framing/ascii.ts'
import { DatagramReader, FrameReader } from '../framing/mbap.ts'
import { rtuFraming } from '../framing/rtu.ts'
import type { Wire } from '../transport/wire.ts'
import type { Exchange } from './exchange.ts'
import { networkTiming, timingOf } from './line-timing.ts'
import { PacedExchange } from './paced.ts'
import { SerialTurns } from './serial-turns.ts'
import { Transactions } from './transactions.ts'
import type { Unanswered } from './unanswered.ts'

export interface ExchangeParts {
  readonly config: ModbusSourceConfig
  /** Connected already; the exchange owns it from now on. */
  readonly wire: Wire
  readonly clock: Clock
  readonly random: () => number
  /** Of this source, over all its wires. */
  readonly unanswered: Unanswered
  readonly onStray: () => void
  readonly onEnd: (cause: PenstockError) => void
  /** Sees every frame, and what became of those that were asked for. */
  readonly tap?: FrameTap | undefined
}

/** How questions are asked over the source's transport. */
export function exchangeOf(parts: ExchangeParts): Exchange {
  const { config, clock, onEnd } = parts
  const gapMs = config.delayBetweenRequestsMs
  if (gapMs === 0) return unpaced(parts)
  return new PacedExchange({ make: (ended) => unpaced({ ...parts, onEnd: ended }), clock, gapMs, onEnd })
}

function unpaced({ config, tap = noTap, ...rest }: ExchangeParts): Exchange {
  const parts = { ...rest, tap }
  switch (config.transport) {
    case 'tcp':
    case 'tls':
      return new Transactions({ ...parts, reader: (onFrame) => new FrameReader(onFrame), datagrams: false })
    case 'udp':
      return new Transactions({ ...parts, reader: (onFrame) => new DatagramReader(onFrame), datagrams: true })
    case 'rtu':
    case 'ascii': {
      const framing = config.transport === 'rtu' ? rtuFraming : asciiFraming
      return new SerialTurns({ ...parts, framing, timing: timingOf(config.serial), renewWhenMute: false })
    }
    case 'rtu-over-tcp':
    case 'ascii-over-tcp': {
      const framing = config.transport === 'rtu-over-tcp' ? rtuFraming : asciiFraming
      return new SerialTurns({ ...parts, framing, timing: networkTiming, renewWhenMute: true })
    }
  }
}
