import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ClientSession,
  DataType,
  nodesets,
  OPCUACertificateManager,
  OPCUAClient,
  OPCUAServer,
  type UAVariable,
} from 'node-opcua'
import { silentLogger } from '../../src/core/logger.ts'
import { markTold } from '../../src/opcua/hardening/deliver-on-change.ts'
import { hardenNodeOpcua } from '../../src/opcua/hardening/install.ts'
import { routeNodeOpcuaLog } from '../../src/opcua/node-opcua-log.ts'

export interface BareServer {
  readonly server: OPCUAServer
  /** A new Double, 0 and Good, that clients may read and write; with a NodeId of its own unless one is given. */
  add(nodeId?: string): UAVariable
  readonly session: ClientSession
  end(): Promise<void>
}

/**
 * node-opcua with its own defaults, which let anybody in without encryption, and our fixes of its classes: what the
 * gateway's server never shows (a writable node, a restricted one) can be tried here.
 */
export async function startBareServer(): Promise<BareServer> {
  routeNodeOpcuaLog(silentLogger)
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bare-'))
  const stores = ['application', 'users', 'client'].map(
    (name) => new OPCUACertificateManager({ rootFolder: join(folder, name) }),
  ) as [OPCUACertificateManager, OPCUACertificateManager, OPCUACertificateManager]
  for (const store of stores) await store.initialize()
  const server = new OPCUAServer({
    port: 0,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    nodesets: nodesets.standard,
    serverCertificateManager: stores[0],
    userCertificateManager: stores[1],
    serverCapabilities: { minSupportedSampleRate: 0, maxSubscriptionsPerSession: 100 },
  })
  await server.initialize()
  const { addressSpace } = server.engine
  if (!addressSpace) throw new Error('no address space')
  let added = 0
  const add = (nodeId = `s=value-${++added}`) => {
    const variable = addressSpace.getOwnNamespace().addVariable({
      organizedBy: addressSpace.rootFolder.objects,
      nodeId,
      browseName: nodeId,
      dataType: 'Double',
      minimumSamplingInterval: 0,
      accessLevel: 'CurrentRead | CurrentWrite',
      userAccessLevel: 'CurrentRead | CurrentWrite',
    })
    markTold(variable)
    variable.setValueFromSource({ dataType: DataType.Double, value: 0 })
    return variable
  }
  hardenNodeOpcua(addressSpace, add())
  await server.start()
  const client = OPCUAClient.create({
    clientCertificateManager: stores[2],
    connectionStrategy: { maxRetry: 0 },
  })
  await client.connect(server.endpoints[0]?.endpointDescriptions()[0]?.endpointUrl ?? '')
  const session = await client.createSession()
  return {
    server,
    add,
    session,
    async end() {
      await client.disconnect()
      await server.shutdown(0)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
