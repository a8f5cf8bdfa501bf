import { InternalServiceClient } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { credentials, Metadata } from '@grpc/grpc-js'
import { percentile } from '../row.ts'
import { obeyOrders } from './orders.ts'

/**
 * The baseline: as many event streams as there are devices, read and decoded, with nothing behind them.
 * `node bare-streams.ts PORT KEY`.
 */
const STREAMS_A_CHANNEL = 100
const [port, key] = process.argv.slice(2) as [string, string]
const metadata = new Metadata()
metadata.set('authorization', `Bearer ${key}`)
const latencies: number[] = []

export const bareOrders = {
  open(devEuis: readonly string[]): void {
    let client: InternalServiceClient | undefined
    for (const [at, devEui] of devEuis.entries()) {
      if (at % STREAMS_A_CHANNEL === 0 || !client) {
        const own = { 'grpc.use_local_subchannel_pool': 1 }
        client = new InternalServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), own)
      }
      follow(client, devEui)
    }
  },
  /** Of what came since it was asked last. */
  figures() {
    const came = latencies.splice(0)
    return { came: came.length, p50: percentile(came, 0.5), p99: percentile(came, 0.99) }
  },
}

function follow(client: InternalServiceClient, devEui: string): void {
  const request = new internalPb.StreamDeviceEventsRequest()
  request.setDevEui(devEui)
  const stream = client.streamDeviceEvents(request, metadata)
  stream.on('data', (item: internalPb.LogItem) => {
    const { object } = JSON.parse(item.getBody()) as { object: { sentAt: number } }
    latencies.push(Date.now() - object.sentAt)
  })
  stream.once('error', () => follow(client, devEui))
}

obeyOrders(bareOrders)
