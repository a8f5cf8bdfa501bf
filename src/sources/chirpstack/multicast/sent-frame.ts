import type { Milliseconds } from '../../../core/clock.ts'
import { isJsonObject, type JsonObject } from '../json.ts'

/** A downlink that a gateway says it has sent (ChirpStack logs those that the gateway acknowledged, and no others). */
export interface SentFrame {
  readonly gatewayId: string
  /** 8 hexadecimal digits, lower case. */
  readonly devAddr: string
  /** The lower 16 bits, which are what a frame carries (LoRaWAN 1.0.4 §4.3.1.5). */
  readonly fCnt: number
  readonly fPort: number
  /** When it was sent, by the server's clock. */
  readonly time: Milliseconds | undefined
}

/** An entry of a gateway's frame log; undefined for what is no data downlink, or cannot be read. Never throws. */
export function sentFrameOf(gatewayId: string, body: string, time: Milliseconds | undefined): SentFrame | undefined {
  const frame = parsed(body)
  const phy = groupIn(frame, 'phy_payload')
  const type = groupIn(phy, 'mhdr')?.m_type
  if (type !== 'UnconfirmedDataDown') return undefined
  const payload = groupIn(phy, 'payload')
  const header = groupIn(payload, 'fhdr')
  const { devaddr, f_cnt: fCnt } = header ?? {}
  const fPort = payload?.f_port
  if (typeof devaddr !== 'string' || typeof fCnt !== 'number' || typeof fPort !== 'number') return undefined
  return { gatewayId, devAddr: devaddr.toLowerCase(), fCnt: fCnt & 0xffff, fPort, time }
}

function parsed(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function groupIn(value: JsonObject | undefined, name: string): JsonObject | undefined {
  const group = value?.[name]
  return isJsonObject(group) ? group : undefined
}
