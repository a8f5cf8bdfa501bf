import { createConnection } from 'node:net'
import {
  AttributeIds,
  ClientMonitoredItemGroup,
  type ClientSession,
  type ClientSubscription,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  UserTokenType,
} from 'node-opcua'
import { silentLogger } from '../../../src/core/logger.ts'
import { routeNodeOpcuaLog } from '../../../src/opcua/node-opcua-log.ts'
import { PASSWORD, USER } from './plant.ts'

const ITEMS_A_CALL = 1_000

/** A client as a SCADA system is one: encrypted, with a user, subscribed. */
export class Subscriber {
  readonly #client: OPCUAClient
  readonly #session: ClientSession
  readonly #namespace: number

  private constructor(client: OPCUAClient, session: ClientSession, namespace: number) {
    this.#client = client
    this.#session = session
    this.#namespace = namespace
  }

  /** Connects as soon as the server answers, trying for a minute. */
  static async connect(port: number, pkiFolder: string): Promise<Subscriber> {
    routeNodeOpcuaLog(silentLogger)
    const certificates = new OPCUACertificateManager({
      rootFolder: pkiFolder,
      automaticallyAcceptUnknownCertificate: true,
    })
    await certificates.initialize()
    await portOpens(port)
    const end = Date.now() + 60_000
    for (;;) {
      const client = OPCUAClient.create({
        endpointMustExist: false,
        securityMode: MessageSecurityMode.SignAndEncrypt,
        securityPolicy: SecurityPolicy.Basic256Sha256,
        clientCertificateManager: certificates,
        connectionStrategy: { maxRetry: 0 },
        requestedSessionTimeout: 60_000,
      })
      try {
        await client.connect(`opc.tcp://localhost:${port}/penstock`)
        const session = await client.createSession({ type: UserTokenType.UserName, userName: USER, password: PASSWORD })
        const namespace = (await session.readNamespaceArray()).indexOf('urn:penstock:plant')
        return new Subscriber(client, session, namespace)
      } catch (error) {
        await client.disconnect()
        if (Date.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    }
  }

  /** The StatusCode name of a value just read. */
  async readStatus(id: string): Promise<string> {
    const { statusCode } = await this.#session.read({ nodeId: this.#nodeId(id), attributeId: AttributeIds.Value })
    return statusCode.name
  }

  /** One Read of all these tags. */
  async read(ids: readonly string[]): Promise<void> {
    await this.#session.read(ids.map((id) => ({ nodeId: this.#nodeId(id), attributeId: AttributeIds.Value })))
  }

  /** Subscribes to every tag; `onChange` gets the position in `ids`, the value and the name of its StatusCode. */
  async subscribe(
    ids: readonly string[],
    intervalMs: number,
    onChange: (position: number, value: unknown, status: string) => void,
  ): Promise<ClientSubscription> {
    const subscription = await this.#session.createSubscription2({
      requestedPublishingInterval: intervalMs,
      requestedLifetimeCount: 600,
      requestedMaxKeepAliveCount: 10,
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
      priority: 1,
    })
    for (let from = 0; from < ids.length; from += ITEMS_A_CALL) {
      const group = ClientMonitoredItemGroup.create(
        subscription,
        ids
          .slice(from, from + ITEMS_A_CALL)
          .map((id) => ({ nodeId: this.#nodeId(id), attributeId: AttributeIds.Value })),
        { samplingInterval: intervalMs, queueSize: 10, discardOldest: true },
        TimestampsToReturn.Both,
      )
      group.on('changed', (_item, dataValue, index) =>
        onChange(from + index, dataValue.value.value, dataValue.statusCode.name),
      )
      await new Promise<void>((resolve) => group.once('initialized', () => resolve()))
    }
    return subscription
  }

  async end(): Promise<void> {
    await this.#session.close()
    await this.#client.disconnect()
  }

  #nodeId(id: string): string {
    return `ns=${this.#namespace};s=${id}`
  }
}

/** Tries plain connections, which cost a starting server nothing. */
async function portOpens(port: number): Promise<void> {
  const isOpen = () =>
    new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: 'localhost' })
      const answer = (open: boolean) => {
        socket.destroy()
        resolve(open)
      }
      socket.once('connect', () => answer(true)).once('error', () => answer(false))
    })
  while (!(await isOpen())) await new Promise((resolve) => setTimeout(resolve, 10))
}
