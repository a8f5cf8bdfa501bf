import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributeIds,
  type ClientSession,
  DataType,
  type DataValue,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  UserTokenType,
} from 'node-opcua'
import { silentLogger } from '../../src/core/logger.ts'
import { routeNodeOpcuaLog } from '../../src/opcua/node-opcua-log.ts'
import { PASSWORD, USER } from './gateway.ts'
import { watch } from './opcua-room.ts'

/** What an operator sees of a value. */
export interface Shown {
  readonly value: unknown
  readonly type: string
  readonly status: string
  readonly sourceTime: number | undefined
}

const shown = ({ value, statusCode, sourceTimestamp }: DataValue): Shown => ({
  value: value.value,
  type: DataType[value.dataType],
  status: statusCode.name,
  sourceTime: sourceTimestamp?.getTime(),
})

/** A SCADA system at the gateway's endpoint: encrypted, with a user, one session for as long as the test runs. */
export class ScadaClient {
  readonly session: ClientSession
  readonly #client: OPCUAClient
  readonly #folder: string
  #namespace = -1
  /** Sessions that had to be made anew because the connection was lost. */
  reconnects = 0

  private constructor(client: OPCUAClient, session: ClientSession, folder: string) {
    this.#client = client
    this.session = session
    this.#folder = folder
    client.on('after_reconnection', () => {
      this.reconnects++
    })
  }

  static async connect(endpointUrl: string): Promise<ScadaClient> {
    routeNodeOpcuaLog(silentLogger)
    const folder = mkdtempSync(join(tmpdir(), 'penstock-scada-'))
    const certificates = new OPCUACertificateManager({
      rootFolder: folder,
      automaticallyAcceptUnknownCertificate: true,
    })
    await certificates.initialize()
    const client = OPCUAClient.create({
      applicationName: 'Scada',
      endpointMustExist: false,
      securityPolicy: SecurityPolicy.Basic256Sha256,
      securityMode: MessageSecurityMode.SignAndEncrypt,
      clientCertificateManager: certificates,
      connectionStrategy: { maxRetry: -1, initialDelay: 100, maxDelay: 300 },
      keepSessionAlive: true,
    })
    await client.connect(endpointUrl)
    const session = await client.createSession({ type: UserTokenType.UserName, userName: USER, password: PASSWORD })
    const scada = new ScadaClient(client, session, folder)
    scada.#namespace = (await session.readNamespaceArray()).indexOf('urn:penstock:plant')
    return scada
  }

  nodeId(id: string): string {
    return `ns=${this.#namespace};s=${id}`
  }

  async read(id: string): Promise<Shown> {
    return shown(await this.session.read({ nodeId: this.nodeId(id), attributeId: AttributeIds.Value }))
  }

  async displayName(id: string): Promise<string> {
    const { value } = await this.session.read({ nodeId: this.nodeId(id), attributeId: AttributeIds.DisplayName })
    return String(value.value.text)
  }

  /** Subscribes to the tag; the answer says all that came since, in order. */
  async watch(id: string): Promise<() => Shown[]> {
    const { values } = await watch(this.session, this.nodeId(id))
    return () => values.map(shown)
  }

  async end(): Promise<void> {
    await this.session.close()
    await this.#client.disconnect()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
