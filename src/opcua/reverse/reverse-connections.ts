import type { OPCUAServer, ServerSecureChannelLayer } from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { ReverseConnection as Shown } from '../../link/contract.ts'
import type { AdmitCalled } from '../hardening/first-frame.ts'
import { ReverseConnection } from './reverse-connection.ts'
import { reverseHello } from './reverse-hello.ts'

/** At least so long from one call to the next: a plant's clients that are all away are not called all at once. */
const BETWEEN_CALLS: Milliseconds = 100

export interface ReverseConnectionsParts {
  readonly server: OPCUAServer
  /** Where the clients listen, as `opc.tcp` URLs. */
  readonly urls: readonly string[]
  readonly serverUri: string
  /** URL of the endpoint, as clients are told; asked for once the server listens. */
  readonly endpointUrl: () => string
  readonly admit: AdmitCalled
  readonly clock: Clock
  readonly log: Logger
}

/** The clients that the server calls, one connection each. */
export class ReverseConnections {
  readonly #connections: readonly ReverseConnection[]
  #nextCall = 0

  constructor({ server, urls, serverUri, endpointUrl, admit, clock, log }: ReverseConnectionsParts) {
    const hello = () => reverseHello(serverUri, endpointUrl())
    const onSecured = new WeakMap<ServerSecureChannelLayer, () => void>()
    server.on('channelSecured', (channel) => onSecured.get(channel)?.())
    const turn = () => {
      const now = clock.monotonic()
      const at = Math.max(now, this.#nextCall)
      this.#nextCall = at + BETWEEN_CALLS
      return at - now
    }
    this.#connections = [...new Set(urls)].map(
      (url) =>
        new ReverseConnection({
          url,
          hello,
          serve: (socket, served) =>
            admit(socket, {
              timeoutMs: served.helloTimeoutMs,
              onRefused: served.onRefused,
              onChannel: (channel) => onSecured.set(channel, served.onSecured),
            }),
          turn,
          clock,
          log,
        }),
    )
  }

  /** How each of them is. */
  get shown(): readonly Shown[] {
    return this.#connections.map(({ shown }) => shown)
  }

  start(): void {
    for (const connection of this.#connections) connection.start()
  }

  /** Ends all connections; none is opened any more. */
  stop(): void {
    for (const connection of this.#connections) connection.stop()
  }
}
