import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from '../support/free-port.ts'

/**
 * Runs OPC UA clients of others against the demo plant: `npm run interop -- --asyncua PYTHON --open62541 FOLDER --milo
 * CLASSPATH --gopcua PROGRAM`, with a Python that can import asyncua, with a folder of open62541's sources with
 * `build/bin/libopen62541.a` (`-DUA_ENABLE_ENCRYPTION=OPENSSL -DUA_ENABLE_HISTORIZING=ON -DBUILD_SHARED_LIBS=OFF`), with
 * the class path of Eclipse Milo 0.6 (its SDK client, dictionary reader, what they need, and a binding of slf4j), and
 * with `gopcua_client.go` as it was built with gopcua. No package registry that the tests use has any of them, so they
 * are no part of `npm test`.
 */
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const text = { type: 'string' } as const
const { values } = parseArgs({ options: { asyncua: text, open62541: text, milo: text, gopcua: text } })
const POLICIES = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss']
const CLI = here('../../dist/cli.js')

interface Demo {
  readonly child: ChildProcess
  readonly endpoint: string
}

async function startDemo(folder: string, ports: readonly number[]): Promise<Demo> {
  const [opcuaPort, webPort] = ports
  const child = spawn(process.execPath, [CLI, 'demo', '--opcua-port', `${opcuaPort}`, '--web-port', `${webPort}`], {
    cwd: folder,
  })
  child.stderr.pipe(process.stderr)
  for await (const chunk of child.stdout) if (String(chunk).includes('Penstock runs')) break
  child.stdout.resume()
  return { child, endpoint: `opc.tcp://localhost:${opcuaPort}/penstock` }
}

/** A certificate and its key as DER, as `OPC 10000-6 §6.2` asks for them. */
function identityIn(folder: string, name: string, uri: string): [certificate: string, key: string] {
  const [pem, certificate, key] = ['pem', 'der', 'key'].map((ending) => join(folder, `${name}.${ending}`)) as [
    string,
    string,
    string,
  ]
  const extensions = [
    `subjectAltName=URI:${uri},DNS:localhost`,
    'keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment',
    'extendedKeyUsage=clientAuth',
    'basicConstraints=CA:FALSE',
  ].flatMap((extension) => ['-addext', extension])
  const subject = ['-subj', `/CN=${name}`, '-days', '30']
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', pem, ...subject, ...extensions)
  openssl('x509', '-in', pem, '-outform', 'der', '-out', certificate)
  openssl('rsa', '-in', key, '-outform', 'der', '-out', key)
  return [certificate, key]
}

const passes = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0

function runAsyncua(folder: string, endpoint: string, python: string): boolean {
  const uri = 'urn:penstock:interop:asyncua'
  return passes(python, [here('asyncua_client.py'), endpoint, ...identityIn(folder, 'asyncua', uri), uri])
}

function runOpen62541(folder: string, endpoint: string, sources: string): boolean {
  const program = join(folder, 'open62541-client')
  const includes = ['include', 'plugins/include', 'deps', 'build/src_generated'].map((path) => `-I${sources}/${path}`)
  const library = join(sources, 'build/bin/libopen62541.a')
  const libraries = ['-lssl', '-lcrypto', '-lm', '-lpthread']
  execFileSync('gcc', ['-O1', ...includes, here('open62541_client.c'), library, ...libraries, '-o', program])
  const identity = identityIn(folder, 'open62541', 'urn:open62541.unconfigured.application')
  return POLICIES.every((policy) =>
    passes(program, [endpoint, ...identity, `http://opcfoundation.org/UA/SecurityPolicy#${policy}`]),
  )
}

const USER = 'inga'

/** A user who logs in with a certificate; the gateway does not run yet, so nobody is asked who may make one. */
function makeUser(folder: string): readonly [certificate: string, key: string] {
  const identity = identityIn(folder, USER, 'urn:penstock:interop:user')
  const { fingerprint } = new X509Certificate(readFileSync(identity[0]))
  const env = { ...process.env, PENSTOCK_NEW_PASSWORD: randomBytes(12).toString('hex') }
  for (const words of [
    ['user', 'add', USER, '--role', 'Operator', 'SecurityAdmin'],
    ['certificates', 'add', join(folder, `${USER}.pem`), '--users'],
    ['user', 'certificate', USER, fingerprint.replaceAll(':', '')],
  ])
    execFileSync(process.execPath, [CLI, ...words, '--data', 'data/demo'], { cwd: folder, env, stdio: 'ignore' })
  return identity
}

/** Runs a client that says when the gateway is to be killed and to come back at its ports. */
async function passesRestart(command: string, args: readonly string[], restart: () => Promise<void>): Promise<boolean> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`)
    if (line === 'restart') await restart()
  }
  return (await exit)[0] === 0
}

async function runMilo(folder: string, classPath: string, user: readonly string[], again: () => Promise<void>) {
  const uri = 'urn:penstock:interop:milo'
  const sources = ['milo_client.java', 'milo_subscriptions.java'].map(here)
  execFileSync('javac', ['-nowarn', '-cp', classPath, '-d', folder, ...sources], { stdio: 'inherit' })
  const keys = [...identityIn(folder, 'milo', uri), ...user]
  const log = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
  const program = [log, '-cp', `${folder}:${classPath}`, 'MiloClient', demo.endpoint, uri, ...keys, 'restart']
  return passesRestart('java', program, again)
}

async function runGopcua(folder: string, program: string, user: readonly string[], again: () => Promise<void>) {
  const uri = 'urn:penstock:interop:gopcua'
  return passesRestart(program, [demo.endpoint, uri, ...identityIn(folder, 'gopcua', uri), ...user, 'restart'], again)
}

async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const exit = once(demo.child, 'exit')
  demo.child.kill(signal)
  await exit
}

const folder = mkdtempSync(join(tmpdir(), 'penstock-interop-'))
const ports = [await freePort(), await freePort()]
const user = makeUser(folder)
let demo = await startDemo(folder, ports)
const again = async (): Promise<void> => {
  await end('SIGKILL')
  demo = await startDemo(folder, ports)
}
try {
  const passed = [
    !values.asyncua || runAsyncua(folder, demo.endpoint, values.asyncua),
    !values.open62541 || runOpen62541(folder, demo.endpoint, values.open62541),
    !values.milo || (await runMilo(folder, values.milo, user, again)),
    !values.gopcua || (await runGopcua(folder, values.gopcua, user, again)),
  ]
  process.exitCode = passed.every(Boolean) ? 0 : 1
} finally {
  await end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}
