import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Makes the peers of the tests ready: Debian's Modbus programs and browser, and the Snap7 server.
 * Installs what is missing when it may (root), else says exactly what to run.
 */
const packages: Record<string, string> = {
  'libmodbus-dev': 'Modbus server that we did not write (libmodbus)',
  'pkg-config': 'finds libmodbus',
  gcc: 'compiles the libmodbus server',
  'python3-pymodbus': 'Modbus server that we did not write (pymodbus)',
  'python3-serial-asyncio': 'needed by pymodbus',
  'python3-grpcio': 'gRPC client in another language',
  'python3-protobuf': 'needed by the code that is generated for it',
  'protobuf-compiler': 'generates it, and compiles our .proto files',
  'protobuf-compiler-grpc': 'generates its services',
  'libprotobuf-dev': 'has the .proto files of protobuf itself',
  libxml2: 'validates the OPC UA NodeSet against its schema',
  mbpoll: 'Modbus client that we did not write',
  socat: 'serial lines without hardware, and TLS in front of a Modbus server',
  postgresql: 'database that gets the samples',
  chromium: 'browser tests',
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The environment without the settings that npm hands to its scripts: node-gyp takes `npm_config_nodedir` before its own
 * `--nodedir`, so a machine set up for another Node would have Snap7 built against the wrong headers.
 */
function withoutNpmSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_')))
}

function run(command: string, args: readonly string[], cwd = root): boolean {
  console.log(`> ${command} ${args.join(' ')}`)
  const env = { ...withoutNpmSettings(process.env), DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

function isInstalled(name: string): boolean {
  const query = spawnSync('dpkg', ['-s', name], { encoding: 'utf8' })
  return query.status === 0 && query.stdout.includes('Status: install ok installed')
}

function installPackages(): void {
  const missing = Object.keys(packages).filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (process.getuid?.() !== 0) {
    const why = missing.map((name) => `  ${name}: ${packages[name]}`).join('\n')
    fail(`The tests need Debian packages that are missing:\n${why}\nInstall them: sudo apt-get ${install.join(' ')}`)
  }
  if (!run('apt-get', ['update', '-q']) || !run('apt-get', ['-q', ...install])) {
    fail(`Installing ${missing.join(', ')} failed; see above.`)
  }
}

/** Snap7 is compiled against the headers of the Node that runs the tests, which the npm package `node` brings. */
function buildSnap7(): void {
  const loads = () => spawnSync(process.execPath, ['-e', "require('node-snap7')"], { cwd: root }).status === 0
  if (loads()) return
  const headers = join(root, 'node_modules/node/node_modules', `node-${process.platform}-${process.arch}`)
  const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js')
  const built = run(process.execPath, [gyp, 'rebuild', '--nodedir', headers], join(root, 'node_modules/node-snap7'))
  if (!built || !loads()) {
    fail(
      `Snap7 (node_modules/node-snap7) did not build; it needs python3, make and g++. Node: ${dirname(process.execPath)}`,
    )
  }
}

installPackages()
buildSnap7()
