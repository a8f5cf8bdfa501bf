import { Server, ServerCredentials, type ServerOptions, status } from '@grpc/grpc-js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import { Access } from './access.ts'
import { CallFault } from './call-fault.ts'
import { breakCall, Calls, type OnCall, type Outage } from './calls.ts'
import { Directory } from './directory.ts'
import { DownlinkQueues, type QueueItem } from './downlink-queue.ts'
import type { Transmission } from './downlinks.ts'
import { commonBody, type Json, type Uplink } from './event-body.ts'
import { EventLogs, type OnKept } from './event-log.ts'
import { type EventCall, EventStreams, type FrameCall, framesOf } from './event-streams.ts'
import { CHIRPSTACK_DELIVERY, CHIRPSTACK_DOWNLINK_DELAY, Faults } from './faults.ts'
import { MetricStore } from './metric-store.ts'
import { MulticastQueues } from './multicast-queues.ts'
import { NetworkServer, type StatusAnswer } from './network-server.ts'
import { parseEui } from './paging.ts'
import { ServerClock } from './server-clock.ts'
import { addServices } from './services.ts'

export interface SimulatedChirpStackOptions {
  readonly clock: Clock
  readonly log?: Logger
  readonly onCall?: OnCall
  /** Told of every downlink that a device receives. */
  readonly onTransmit?: (transmission: Transmission) => void
  /** Told of every entry of an event log, and of every change of a queue: what outlives the process. */
  readonly onEvent?: OnKept
  readonly onQueue?: (devEui: string, items: readonly QueueItem[]) => void
  /** Streams and calls at once on one connection, as a proxy before ChirpStack limits them; it has no limit itself. */
  readonly maxConcurrentStreams?: number
  /** Of the server's host: buckets of metrics begin with its hours and days. */
  readonly timeZone?: string
  /** Chance, for what ChirpStack leaves to it. */
  readonly random?: () => number
}

/**
 * A ChirpStack v4 for the demonstration and for tests: a real gRPC server with the calls that a gateway needs, and their
 * oddities. Its devices send what they are told to, with `uplink`, `join`, `status` and `event`. What it keeps in
 * PostgreSQL is in `directory` and `queues`, what in Redis in `logs` and `metrics`; `faults` makes it nasty.
 */
export class SimulatedChirpStack {
  readonly clock: ServerClock
  readonly faults = new Faults()
  readonly directory: Directory
  readonly access = new Access()
  readonly logs: EventLogs
  readonly metrics: MetricStore
  readonly queues: DownlinkQueues
  readonly multicast: MulticastQueues
  readonly network: NetworkServer
  readonly #log: Logger
  readonly #serverOptions: ServerOptions
  readonly #streams: EventStreams
  readonly #calls: Calls
  readonly #random: () => number
  #server: Server | undefined
  #address = ''

  constructor(options: SimulatedChirpStackOptions) {
    const { log = silentLogger, onCall = () => undefined, onTransmit = () => undefined, timeZone } = options
    const { maxConcurrentStreams: most, random = Math.random } = options
    this.#serverOptions = most === undefined ? {} : { 'grpc.max_concurrent_streams': most }
    this.#log = log
    this.#random = random
    this.clock = new ServerClock(options.clock)
    this.directory = new Directory(() => this.clock.now())
    this.logs = new EventLogs(this.clock, options.onEvent)
    this.queues = new DownlinkQueues(options.onQueue)
    this.metrics = new MetricStore(this.clock, timeZone)
    this.multicast = new MulticastQueues({ ...this, onTransmit })
    this.network = new NetworkServer({ ...this, onTransmit })
    this.#streams = new EventStreams(this)
    this.#calls = new Calls({ ...this, onCall })
  }

  /** Serves plain HTTP/2; resolves with the port. */
  async listen(port = 0, host = '127.0.0.1'): Promise<number> {
    const server = new Server(this.#serverOptions)
    addServices(server, {
      ...this,
      calls: this.#calls,
      downlinks: this.network.downlinks,
      random: this.#random,
      stream: (call) => {
        const devEui = call.request.getDevEui()
        const tenantOf = () => this.directory.tenantOf(parseEui(devEui))
        this.#stream(call, { method: 'InternalService.StreamDeviceEvents', subject: devEui, log: devEui, tenantOf })
      },
      frames: (call) => {
        const gatewayId = call.request.getGatewayId()
        const tenantOf = () => this.directory.gateways.get(parseEui(gatewayId))?.tenantId
        const log = framesOf(gatewayId)
        this.#stream(call, { method: 'InternalService.StreamGatewayFrames', subject: gatewayId, log, tenantOf })
      },
    })
    this.#server = server
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, at) =>
        error ? reject(error) : resolve(at),
      )
    })
    this.#address = `${host}:${bound}`
    this.#log.info({ host, port: bound }, 'Simulated ChirpStack listens')
    return bound
  }

  /** Ends every stream and connection. */
  async close(): Promise<void> {
    this.network.downlinks.stop()
    this.multicast.stop()
    this.#server?.forceShutdown()
    this.#server = undefined
    this.#streams.endAll()
  }

  /** Sends GOAWAY on every connection, and ends those that are still open after `graceMs`; new ones are welcome. */
  goAway(graceMs: Milliseconds): void {
    this.#server?.drain(this.#address, graceMs)
  }

  /** A device sends; answers the event's deduplication id. */
  uplink(devEui: string, uplink: Uplink): string {
    return this.network.uplink(devEui, uplink)
  }

  /** A device joins. */
  join(devEui: string): void {
    this.network.join(devEui)
  }

  /** A device answers how its battery and its link are. */
  status(devEui: string, answer: StatusAnswer): void {
    this.network.status(devEui, answer)
  }

  /** Any other event: `body` is added to what every event has, and wins. */
  event(devEui: string, kind: string, body: Json): void {
    const device = this.directory.device(devEui)
    const common = commonBody(this.directory, device, this.clock.now())
    this.network.emit(device.devEui, kind, { ...common, ...body })
  }

  /** An entry of the log as it stands, JSON or not; `time` null: without a time; `id`: in place of the next one. */
  rawEvent(devEui: string, kind: string, body: string, time?: Milliseconds | null, id?: string): void {
    this.logs.append(devEui, kind, body, { ...(time === undefined ? {} : { time }), ...(id ? { id } : {}) })
  }

  /** Deletes a device and its queue. Its event log and its metrics are in Redis, and stay. */
  deleteDevice(devEui: string): void {
    const device = this.directory.device(devEui)
    this.directory.devices.delete(device.devEui)
    this.queues.flush(device.devEui)
  }

  /** Deletes a multicast group and its queue. */
  deleteMulticastGroup(id: string): void {
    this.directory.multicastGroups.delete(id)
    this.multicast.flush(id)
  }

  /** Event streams that are open, of one device or of all. */
  openStreams(devEui?: string): number {
    return this.#streams.count(devEui)
  }

  /** Ends streams, of one device or of all: in order, or with a status. */
  breakStreams(devEui?: string, code: status = status.UNAVAILABLE, details = ''): void {
    this.#streams.end(devEui, code === status.OK ? 'OK' : new CallFault(code, details))
  }

  /** Ends streams, of one device or of all, by RST_STREAM with an error code of HTTP/2. */
  resetStreams(errorCode: number, devEui?: string): void {
    this.#streams.end(devEui, { errorCode })
  }

  /** From now on every new call ends so; undefined: calls are answered again. Open streams go on. */
  setUnavailable(outage: Outage | undefined): void {
    this.#calls.outage = outage
  }

  /** Ends the friendliness of the demonstration: events, logs and downlinks take ChirpStack's time and ways. */
  behaveAsReal(): void {
    this.faults.delivery = CHIRPSTACK_DELIVERY
    this.faults.downlinkDelayMs = CHIRPSTACK_DOWNLINK_DELAY
    this.logs.trimming = 'approximate'
  }

  /** Redis goes away, and every open stream with it, or comes back. */
  setRedisDown(down: boolean): void {
    this.faults.redisDown = down
    if (down) this.#streams.loseRedis()
  }

  /** Redis loses its data: event logs, metrics and states. Open streams go on. */
  wipeRedis(): void {
    this.logs.wipe()
    this.metrics.wipe()
  }

  #stream(call: EventCall | FrameCall, asked: AskedStream): void {
    const trouble = this.#calls.begin(asked.method, asked.subject)
    if (trouble?.kind === 'silent' || trouble?.kind === 'replyLost') return
    if (trouble?.kind === 'late') {
      this.clock.after(trouble.byMs, () => this.#openStream(call, asked))
    } else if (trouble?.kind === 'status') {
      call.emit('error', new CallFault(trouble.code, trouble.details ?? '').toResponse())
    } else if (trouble) breakCall(call, trouble)
    else this.#openStream(call, asked)
  }

  /** An administrator is not told that a device does not exist: the stream opens, and nothing comes. */
  #openStream(call: EventCall | FrameCall, { log, tenantOf }: AskedStream): void {
    try {
      const demand = this.#calls.demandOf(call.metadata)
      demand(tenantOf())
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      call.emit('error', error.toResponse())
      return
    }
    this.#streams.open(log, call)
  }
}

/** A stream of what one log keeps and gets. */
interface AskedStream {
  readonly method: 'InternalService.StreamDeviceEvents' | 'InternalService.StreamGatewayFrames'
  readonly subject: string
  readonly log: string
  readonly tenantOf: () => string | undefined
}
