import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { checkConfiguration } from '../../../src/cli/configuration.ts'
import { overrides, secretNames } from '../../../src/config/environment.ts'
import { postgresPasswordEnv } from '../../../src/config/sink-schema.ts'

/** No container engine runs where the tests do: what the files say is held against the program. */
const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string>; version: string }
const dockerfile = read('Dockerfile')
const example = parse(read('config/penstock.example.yaml'), { merge: true }) as unknown

interface Container {
  readonly image: string
  readonly env: readonly { readonly name: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly livenessProbe: { readonly httpGet: { readonly path: string } }
  readonly readinessProbe: { readonly httpGet: { readonly path: string } }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

const known = (name: string): boolean => {
  const secret = name.replace(/_FILE$/, '')
  const secrets = [...secretNames(example), postgresPasswordEnv, 'PENSTOCK_ADMIN_PASSWORD']
  return name in overrides || name === 'PENSTOCK_CONFIG' || secrets.includes(secret)
}

describe('the image', () => {
  it('runs the Node that the tests run with', () => {
    expect(/^ARG NODE_VERSION=(.+)$/m.exec(dockerfile)?.[1]).toBe(manifest.dependencies.node)
  })

  it('is built of files that are there and that the build is given', () => {
    const ignored = read('.dockerignore').split('\n')
    const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \.\S*$/gm)].flatMap(([, paths = '']) => paths.split(' '))
    expect(copied).toContain('src')
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true)
      expect(ignored, path).toContain(`!${path}`)
    }
  })

  it('runs as a user of its own, and names only settings that there are', () => {
    expect(dockerfile).toMatch(/^USER penstock$/m)
    const set = [...dockerfile.matchAll(/\b(PENSTOCK_[A-Z_]+)=/g)].map(([, name = '']) => name)
    expect(set.filter((name) => !known(name))).toEqual([])
  })

  it('has every package that the program imports among its production dependencies', () => {
    const imported = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
      [...read(file).matchAll(/(?: from |^import |import\()'([@\w][\w./@-]*)'/gm)].map(([, name = '']) => name),
    )
    const packages = new Set(
      imported
        .filter((name) => !name.startsWith('node:'))
        .map((name) =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        ),
    )
    expect(packages.size).toBeGreaterThan(5)
    const missing = [...packages].filter((name) => !(name in manifest.dependencies) && !name.startsWith('node-opcua-'))
    expect(missing).toEqual([])
  })
})

describe('compose.yaml', () => {
  const compose = parse(read('compose.yaml')) as {
    services: Record<
      string,
      { image: string; environment?: Record<string, string>; volumes?: string[]; ports?: string[] }
    >
    secrets: Record<string, { file: string }>
    volumes: Record<string, unknown>
  }
  const { penstock } = compose.services

  it('gives the gateway only settings that there are, and publishes HTTP on this machine only', () => {
    expect(Object.keys(penstock?.environment ?? {}).filter((name) => !known(name))).toEqual([])
    expect(penstock?.image).toBe(`penstock:${manifest.version}`)
    expect(penstock?.ports?.filter((port) => port.endsWith(':8080'))).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)])
  })

  it('makes a first administrator, whose password .env.example says how to make', () => {
    const file = penstock?.environment?.PENSTOCK_ADMIN_PASSWORD_FILE
    expect(file).toBe('/run/secrets/admin_password')
    expect(compose.secrets.admin_password?.file).toBe('./secrets/admin_password')
    expect(read('.env.example')).toContain('> secrets/admin_password')
  })

  it('mounts files that the repository has, and volumes that it declares', () => {
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((mount) => mount.split(':')[0]),
    )
    // The operator writes this one.
    const own = ['./config/penstock.yaml']
    for (const from of mounts.filter((mount) => mount !== undefined && !own.includes(mount))) {
      if (from?.startsWith('.')) expect(existsSync(join(root, from)), from).toBe(true)
      else expect(Object.keys(compose.volumes)).toContain(from)
    }
  })

  it('takes only variables that .env.example names', () => {
    const named = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
    const used = [...read('compose.yaml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name)
    expect([...new Set(used)].sort()).toEqual(named.sort())
  })
})

describe('the Kubernetes manifests', () => {
  const base = 'deploy/kubernetes/base'
  const documents = (file: string) => parseAllDocuments(read(join(base, file))).map((each) => each.toJS() as object)

  it('are all named by the kustomization, and each is an object of the API', () => {
    const { resources, configMapGenerator } = parse(read(join(base, 'kustomization.yaml'))) as {
      resources: string[]
      configMapGenerator: { files: string[] }[]
    }
    const files = configMapGenerator.flatMap((generator) => generator.files)
    const inFolder = globSync('*.yaml', { cwd: join(root, base) }).filter((file) => file !== 'kustomization.yaml')
    expect([...resources, ...files].sort()).toEqual(inFolder.sort())
    for (const file of resources) {
      for (const object of documents(file)) {
        expect(object, file).toMatchObject({
          apiVersion: expect.any(String),
          kind: expect.any(String),
          metadata: { name: 'penstock' },
        })
      }
    }
  })

  it('run one gateway, with settings, probes and folders that there are', () => {
    const [set] = documents('stateful-set.yaml') as {
      spec: {
        replicas: number
        template: { spec: { containers: Container[]; volumes: { name: string }[] } }
        volumeClaimTemplates: { metadata: { name: string } }[]
      }
    }[]
    expect(set?.spec.replicas).toBe(1)
    const { containers, volumes } = set?.spec.template.spec ?? { containers: [], volumes: [] }
    const [gateway] = containers
    expect(gateway?.image).toBe(`penstock:${manifest.version}`)
    expect(gateway?.env.map(({ name }) => name).filter((name) => !known(name))).toEqual([])
    expect([gateway?.livenessProbe.httpGet.path, gateway?.readinessProbe.httpGet.path]).toEqual(['/livez', '/readyz'])
    const claimed = set?.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name) ?? []
    const mounted = gateway?.volumeMounts.map(({ name }) => name).sort()
    expect(mounted).toEqual([...volumes.map(({ name }) => name), ...claimed].sort())
    const home = /PENSTOCK_DATA=(\S+)/.exec(dockerfile)?.[1]
    expect(gateway?.volumeMounts).toContainEqual({ name: 'data', mountPath: home })
  })

  it('begin with a configuration that is in order', () => {
    const file = join(base, 'penstock.yaml')
    const env = { PENSTOCK_OPERATOR_PASSWORD: 'a password for tests' }
    expect(checkConfiguration(read(file), file, env).config.sources).toEqual([])
  })
})

describe('the systemd unit', () => {
  const unit = read('deploy/systemd/penstock.service')

  it('starts the built program, reloads it by SIGHUP, and gives it time for an ordered end', () => {
    expect(unit).toMatch(/^ExecStart=\S+node \/opt\/penstock\/dist\/cli\.js run --config \S+$/m)
    expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(5)
  })

  it('lets it write the data folder only', () => {
    expect(unit).toMatch(/^ProtectSystem=strict$/m)
    const state = /^StateDirectory=(\S+)$/m.exec(unit)?.[1]
    expect(unit).toContain(`Environment=PENSTOCK_DATA=/var/lib/${state}\n`)
  })
})
