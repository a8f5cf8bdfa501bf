import type { Metadata } from '@grpc/grpc-js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import { decodeEvent, type StreamItem } from '../../sources/chirpstack/device-event.ts'
import { DeviceStream } from '../../sources/chirpstack/device-stream.ts'
import type { Discovery } from '../../sources/chirpstack/discovery/discovery.ts'
import type { Endpoint } from '../../sources/chirpstack/endpoint.ts'
import { OpenGate } from '../../sources/chirpstack/open-gate.ts'
import { StreamChannels } from '../../sources/chirpstack/stream-channels.ts'

/** Streams waiting to be accepted at once. */
const OPENING_AT_ONCE = 20

export interface ListenOptions {
  readonly discovery: Discovery
  readonly devEuis: readonly string[]
  readonly endpoint: Endpoint
  readonly metadata: Metadata
  readonly clock: Clock
  readonly timeoutMs: Milliseconds
}

/**
 * Gives `discovery` what the devices send, and what ChirpStack has kept of it, until `signal` aborts. Resolves with
 * the devices that have no stream at that time and why, by DevEUI.
 */
export async function listen(options: ListenOptions, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const { discovery, devEuis, endpoint, metadata, clock, timeoutMs } = options
  const channels = new StreamChannels(endpoint, metadata)
  const gate = new OpenGate(OPENING_AT_ONCE)
  const faults = new Map<string, string>()
  const streams = devEuis.map((devEui) => {
    const stream = new DeviceStream({
      devEui,
      open: (each) => channels.open(each),
      gate,
      clock,
      random: Math.random,
      openTimeoutMs: timeoutMs,
      onAccepted: () => void faults.delete(devEui),
      onCut: () => undefined,
      onItem: (item) => take(discovery, devEui, item, clock.now()),
      onBroken: (cause) => void faults.set(devEui, describeError(cause)),
    })
    return stream.run(signal, 0)
  })
  await Promise.all(streams)
  return faults
}

function take(discovery: Discovery, devEui: string, item: StreamItem, now: Milliseconds): void {
  if (item.description !== 'up') return
  try {
    const { body, time } = decodeEvent(item)
    const fPort = typeof body.fPort === 'number' ? body.fPort : undefined
    discovery.takeUplink({ devEui, time, fPort, object: body.object ?? undefined }, now)
  } catch (error) {
    // An event that cannot be understood teaches nothing.
    if (!(error instanceof PenstockError)) throw error
  }
}
