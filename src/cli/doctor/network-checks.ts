import { accessSync, constants } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Config } from '../../config/schema.ts'
import type { Milliseconds } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import { fieldEndpointOf, type SourceConfig } from '../../core/plant.ts'
import type { Environment } from '../configuration.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** Of sources that set none, and long enough for a distant site. */
const CONNECT_WITHIN: Milliseconds = 3_000

/** The ports of OPC UA, HTTP and, where it is served, gRPC: free, or with a gateway that runs on the data folder. */
export function checkPorts({ opcua, http, grpc }: Config, isOwned: boolean): Promise<readonly Finding[]> {
  const { bind, port } = grpc
  return Promise.all([
    checkPort('opcua', opcua, isOwned),
    checkPort('http', http, isOwned),
    ...(port === undefined ? [] : [checkPort('grpc', { bind, port }, isOwned)]),
  ])
}

interface Listening {
  readonly bind: string
  readonly port: number
}

async function checkPort(
  section: 'opcua' | 'http' | 'grpc',
  { bind, port }: Listening,
  isOwned: boolean,
): Promise<Finding> {
  if (port === 0) return ok('port', `${section}: the operating system chooses one at the start`)
  const at = `${section}: ${bind}:${port}`
  const code = await bindFault(bind, port)
  if (code === undefined && isOwned) {
    const mend = 'See whether the gateway is just starting; /readyz and its log say more.'
    return warning('port', `${at} is free, though a gateway runs on the data folder`, mend)
  }
  if (code === undefined) return ok('port', `${at} is free`)
  if (code === 'EADDRINUSE' && isOwned) return ok('port', `${at} is in use, and a gateway runs on the data folder`)
  if (code === 'EADDRINUSE') {
    return problem('port', `${at} is in use by another program`, `End that, or set ${section}.port to another.`)
  }
  const mend = `Set ${section}.bind to an address of this machine, and ${section}.port to one that this user may use.`
  return problem('port', `${at} cannot be used (${code})`, mend)
}

/** Why the port cannot be had, in the system's word for it; it is given back at once. */
function bindFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
}

/** Whether each source can be reached: a TCP connection, or the file of its serial line. Nothing is sent. */
export function checkSources({ sources }: Config, env: Environment): Promise<readonly Finding[]> {
  return Promise.all(sources.map((source) => checkSource(source, env)))
}

async function checkSource(source: SourceConfig, env: Environment): Promise<Finding> {
  const name = `"${source.key}"`
  if (source.disabled) return ok('source', `${name} is disabled`)
  if (source.kind === 'calculated') return ok('source', `${name} is calculated of other tags`)
  if (source.kind === 'modbus' && 'serial' in source) return checkLine(name, source.serial.path)
  if (source.kind === 'modbus' && source.transport === 'udp') {
    const mend = 'penstock test-connection asks a device of it.'
    return warning('source', `${name} (${fieldEndpointOf(source)}) is reached by UDP, where nothing can be tried`, mend)
  }
  const way = source.kind === 'chirpstack' ? chirpstackWay(source, env) : { host: source.host, port: source.port }
  if (way === undefined) {
    const mend = `penstock discover --source ${source.key} tries it.`
    return warning('source', `${name} is reached through the HTTP proxy of the environment, which is not tried`, mend)
  }
  const at = `${way.host}:${way.port}`
  const fault = await connectFault(way, 'connectTimeoutMs' in source ? source.connectTimeoutMs : CONNECT_WITHIN)
  if (fault === undefined) return ok('source', `${name} accepts connections at ${at}`)
  const mend =
    'Check its power, address and port, and what lies between. A device that takes one connection only may be taken by ' +
    'a gateway that runs.'
  return problem('source', `${name} cannot be reached at ${at} (${fault})`, mend)
}

type ChirpstackSource = Extract<SourceConfig, { kind: 'chirpstack' }>

/** The server, or its proxy; undefined where the environment decides (the variables that grpc-js reads). */
function chirpstackWay({ url, proxy = 'environment' }: ChirpstackSource, env: Environment) {
  const variables = ['grpc_proxy', 'https_proxy', 'http_proxy']
  if (proxy === 'environment' && variables.some((variable) => (env[variable] ?? '') !== '')) return undefined
  const { hostname, port, protocol } = new URL(proxy === 'environment' || proxy === 'none' ? url : proxy)
  const usual = protocol === 'https:' ? 443 : 80
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) }
}

function checkLine(name: string, path: string): Finding {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return ok('source', `${name} has its line ${path}`)
  } catch (error) {
    const text = `${name} cannot use its line ${path} (${describeError(error)})`
    return problem('source', text, 'Plug the adapter in, and give this user the group of the line (often dialout).')
  }
}

function connectFault(to: { host: string; port: number }, within: Milliseconds): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...to, timeout: within })
    const end = (fault: string | undefined) => {
      socket.destroy()
      resolve(fault)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`no answer within ${within} ms`))
    // Of a name with several addresses the error has a code only.
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? describeError(error)))
  })
}
