import { DataType, OPCUACertificateManager, OPCUAServer, type UAVariable } from 'node-opcua'
import { markTold } from '../../../src/opcua/hardening/deliver-on-change.ts'
import { hardenNodeOpcua } from '../../../src/opcua/hardening/install.ts'
import { adjustTransportLimits } from '../../../src/opcua/hardening/transport-limits.ts'

/**
 * The baseline: a bare node-opcua server, hardened as the gateway's is, with nothing behind it but a timer that
 * changes every variable once a second. `node bare-server.ts PORT VARIABLES PKI_FOLDER`.
 */
const [port, count, pkiFolder] = process.argv.slice(2) as [string, string, string]
const certificates = new OPCUACertificateManager({
  rootFolder: pkiFolder,
  automaticallyAcceptUnknownCertificate: true,
  keySize: 2048,
})
await certificates.initialize()
const server = new OPCUAServer({
  host: '127.0.0.1',
  port: Number(port),
  hostname: 'localhost',
  resourcePath: '/penstock',
  serverCertificateManager: certificates,
  userManager: { isValidUser: () => true },
  transportSettings: { adjustTransportLimits },
  maxConnectionsPerEndpoint: 200,
  serverCapabilities: { maxSessions: 100, maxSubscriptions: 1_000, maxSubscriptionsPerSession: 50 },
})
await server.initialize()
const { addressSpace } = server.engine
if (!addressSpace) throw new Error('node-opcua has no address space after initialize')
const namespace = addressSpace.registerNamespace('urn:penstock:plant')
const variables: UAVariable[] = []
for (let at = 0; at < Number(count); at++) {
  const device = Math.floor(at / 1_000)
  const parent =
    namespace.findNode(`s=device${device}`) ??
    namespace.addObject({
      browseName: `device${device}`,
      nodeId: `s=device${device}`,
      organizedBy: addressSpace.rootFolder.objects,
    })
  const key = `t${at % 1_000}`
  variables.push(
    namespace.addVariable({
      browseName: key,
      nodeId: `s=device${device}/${key}`,
      componentOf: parent,
      dataType: DataType.UInt16,
      accessLevel: 'CurrentRead',
      userAccessLevel: 'CurrentRead',
      minimumSamplingInterval: 0,
      value: { dataType: DataType.UInt16, value: 0 },
    }),
  )
}
for (const variable of variables) markTold(variable)
const [first] = variables
if (first) hardenNodeOpcua(addressSpace, first)
await server.start()
setInterval(() => {
  const value = Math.floor(Date.now() / 1_000) & 0xffff
  for (const variable of variables) variable.setValueFromSource({ dataType: DataType.UInt16, value })
}, 1_000)
process.on('SIGTERM', () => {
  void server.shutdown(0).finally(() => process.exit(0))
})
