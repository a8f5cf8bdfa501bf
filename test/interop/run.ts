import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from '../support/free-port.ts'

/**
 * Runs OPC UA clients of others against the demo plant: `npm run interop -- --asyncua PYTHON --open62541 FOLDER`, with a
 * Python that can import asyncua, and with a folder of open62541's sources with `build/bin/libopen62541.a`
 * (`-DUA_ENABLE_ENCRYPTION=OPENSSL -DUA_ENABLE_HISTORIZING=ON -DBUILD_SHARED_LIBS=OFF`). No package registry that the
 * tests use has either, so they are no part of `npm test`.
 */
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const { values } = parseArgs({ options: { asyncua: { type: 'string' }, open62541: { type: 'string' } } })
const POLICIES = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss']

async function startDemo(folder: string): Promise<{ child: ChildProcess; endpoint: string }> {
  const opcuaPort = await freePort()
  const ports = ['--opcua-port', `${opcuaPort}`, '--web-port', `${await freePort()}`]
  const child = spawn(process.execPath, [here('../../dist/cli.js'), 'demo', ...ports], { cwd: folder })
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

const folder = mkdtempSync(join(tmpdir(), 'penstock-interop-'))
const demo = await startDemo(folder)
try {
  const passed = [
    !values.asyncua || runAsyncua(folder, demo.endpoint, values.asyncua),
    !values.open62541 || runOpen62541(folder, demo.endpoint, values.open62541),
  ]
  process.exitCode = passed.every(Boolean) ? 0 : 1
} finally {
  const exit = once(demo.child, 'exit')
  demo.child.kill()
  await exit
  rmSync(folder, { recursive: true, force: true })
}
