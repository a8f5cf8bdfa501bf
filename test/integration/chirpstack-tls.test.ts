import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ChirpStackSourceConfig } from '../../src/core/plant.ts'
import { ChirpStackSource } from '../../src/sources/chirpstack/source.ts'
import { type Identity, makeAuthority, makeIdentity } from '../support/certificates.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { ForwardProxy, Front, startWebServer } from '../support/chirpstack-front.ts'
import { API_KEY_ENV, chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, TENANT_KEY } from '../support/chirpstack-server.ts'

const WAIT = { timeout: 20_000, interval: 10 }
const until = <T>(condition: () => T) => vi.waitFor(condition, WAIT)

const authority = makeAuthority('Plant CA')
const foreignAuthority = makeAuthority('Foreign CA')
const hosts = ['localhost', '127.0.0.1']
const good = makeIdentity(authority, hosts)
const client = makeIdentity(authority, ['gateway'])
const foreignClient = makeIdentity(foreignAuthority, ['gateway'])

let folder = ''
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-tls-'))
  const put = (name: string, text: string) => writeFile(at(name), text, { mode: 0o600 })
  await put('ca.pem', authority.cert)
  await put('foreign-ca.pem', foreignAuthority.cert)
  await put('client.pem', client.cert)
  await put('client.key', client.key)
  await put('foreign.pem', foreignClient.cert)
  await put('foreign.key', foreignClient.key)
})

afterAll(() => rm(folder, { recursive: true }))

let server: ChirpStackServer
let source: ChirpStackSource | undefined
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  server = await ChirpStackServer.start([HALL])
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await source?.stop()
  source = undefined
  for (const close of closing.splice(0)) await close()
  await server.chirpStack.close()
})

async function front(tls?: TlsOptions): Promise<Front> {
  const started = await Front.start(server.port, tls)
  closing.push(() => started.close())
  return started
}

const serving = ({ cert, key }: Identity, more: TlsOptions = {}) => front({ cert, key, ...more })

function collect(url: string, fields: Partial<ChirpStackSourceConfig> = {}): EventContext {
  const config = chirpStackConfig([loraDevice('hall', HALL, [loraTag('t', 'object.t')])], { url, ...fields })
  const devices = loraDevicesOf(config)
  const context = new EventContext(
    systemClock,
    devices.flatMap(({ tags }) => tags),
  )
  context.secrets.set(API_KEY_ENV, TENANT_KEY)
  source = new ChirpStackSource({ config, devices, context })
  source.start()
  return context
}

const brings = async (context: EventContext, value: number) => {
  server.chirpStack.uplink(HALL, { object: { t: value } })
  await until(() => expect(context.sink.last('hall/t')).toBe(value))
  await until(() => expect(context.state).toBe('connected'))
}

const withCa = (tls: ChirpStackSourceConfig['tls'] = {}) => ({ tls: { caFile: at('ca.pem'), ...tls } })

describe('a ChirpStack behind TLS', () => {
  it('with a certificate of the plant brings values', async () => {
    const { port } = await serving(good)
    await brings(collect(`https://localhost:${port}`, withCa()), 21)
  })

  it('is reached by its IP address where the certificate has that', async () => {
    const { port } = await serving(makeIdentity(authority, ['127.0.0.1']))
    await brings(collect(`https://127.0.0.1:${port}`, withCa()), 20)
  })

  it('under another name is reached by the name that the configuration gives', async () => {
    const proxy = await serving(makeIdentity(authority, ['lora.plant']))
    await brings(collect(`https://127.0.0.1:${proxy.port}`, withCa({ serverName: 'lora.plant' })), 22)
    expect([...proxy.authorities]).toEqual([`lora.plant:${proxy.port}`])
  })

  it('that demands a client certificate gets it, its key from the file or from the environment', async () => {
    const { port } = await serving(good, { requestCert: true, rejectUnauthorized: true, ca: authority.cert })
    const url = `https://localhost:${port}`
    const certificateFile = at('client.pem')
    await brings(collect(url, withCa({ certificateFile, keyFile: at('client.key') })), 23)
    await source?.stop()
    const context = collect(url, withCa({ certificateFile, keyEnv: 'TLS_KEY' }))
    await until(() => expect(context.state).toBe('refused'))
    expect(context.reason).toMatch(/TLS_KEY.*SECRET_MISSING.*TLS_KEY_FILE/)
    await source?.stop()
    context.secrets.set('TLS_KEY', client.key)
    source?.start()
    await brings(context, 24)
  })
})

describe('a TLS connection that fails says why', () => {
  const demanding = (version: 'TLSv1.2' | 'TLSv1.3') => ({
    requestCert: true,
    rejectUnauthorized: true,
    ca: authority.cert,
    minVersion: version,
    maxVersion: version,
  })

  it.each([
    [
      'the certificate is of an authority that nobody knows',
      good,
      {},
      undefined,
      'backoff',
      /not trusted.*CONNECTION_LOST.*tls\.caFile/,
    ],
    [
      'the certificate is of another authority',
      good,
      {},
      { caFile: 'foreign-ca.pem' },
      'backoff',
      /not trusted.*CONNECTION_LOST.*tls\.caFile/,
    ],
    [
      'the certificate signed itself',
      makeAuthority('localhost'),
      {},
      { caFile: 'ca.pem' },
      'backoff',
      /not trusted.*self-signed.*CONNECTION_LOST/,
    ],
    [
      'the certificate expired',
      makeIdentity(authority, hosts, 'no longer'),
      {},
      { caFile: 'ca.pem' },
      'backoff',
      /has expired \(CONNECTION_LOST\)\. Renew/,
    ],
    [
      'the certificate is of the future',
      makeIdentity(authority, hosts, 'not yet'),
      {},
      { caFile: 'ca.pem' },
      'backoff',
      /not valid yet \(CONNECTION_LOST\).*clock/,
    ],
    [
      'the certificate is for another name',
      makeIdentity(authority, ['lora.plant']),
      {},
      { caFile: 'ca.pem' },
      'backoff',
      /another name.*lora\.plant.*CONNECTION_LOST.*tls\.serverName/,
    ],
    [
      'a client certificate is demanded (TLS 1.3)',
      good,
      demanding('TLSv1.3'),
      { caFile: 'ca.pem' },
      'refused',
      /demands a client certificate.*ACCESS_DENIED.*tls\.certificateFile/,
    ],
    [
      'a client certificate is demanded (TLS 1.2)',
      good,
      demanding('TLSv1.2'),
      { caFile: 'ca.pem' },
      'refused',
      /client certificate.*ACCESS_DENIED.*tls\.certificateFile/,
    ],
    [
      'the client certificate is of another authority',
      good,
      demanding('TLSv1.3'),
      { caFile: 'ca.pem', certificateFile: 'foreign.pem', keyFile: 'foreign.key' },
      'backoff',
      /closed it at once \(CONNECTION_LOST\).*may not accept the client certificate/,
    ],
    [
      'the file of the authority is not there',
      good,
      {},
      { caFile: 'gone.pem' },
      'refused',
      /tls\.caFile.*gone\.pem.*ENOENT.*CONFIG_INVALID.*read again every minute/,
    ],
  ] as const)('when %s', async (_, identity, options, files, state, reason) => {
    const { port } = await serving(identity, options)
    const tls = files && Object.fromEntries(Object.entries(files).map(([setting, name]) => [setting, at(name)]))
    const context = collect(`https://localhost:${port}`, { tls })
    await until(() => expect(context.state).toBe(state))
    expect(context.reason).toMatch(reason)
    expect(context.sink.last('hall/t')).toBe('lost')
    expect(server.asked).toEqual([])
  })

  it('when the server speaks no TLS', async () => {
    const context = collect(`https://localhost:${server.port}`)
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toMatch(/does not speak TLS \(PROTOCOL_VIOLATION\)\. Write http:\/\//)
  })

  it('when the server speaks TLS on an http address', async () => {
    const { port } = await serving(good)
    const context = collect(`http://localhost:${port}`)
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toMatch(/speaks TLS, on an http address \(PROTOCOL_VIOLATION\)\. Write https:\/\//)
  })
})

describe('what answers in place of ChirpStack', () => {
  it.each([
    [401, 'refused', /proxy that wants a login.*ACCESS_DENIED/],
    [403, 'refused', /forbidden by a proxy.*ACCESS_DENIED/],
    [404, 'backoff', /web server or a proxy, not by ChirpStack v4.*404.*PROTOCOL_VIOLATION/],
    [429, 'backoff', /limits requests.*CONNECTION_LOST/],
    [502, 'backoff', /proxy that does not reach ChirpStack.*502.*CONNECTION_LOST/],
    [503, 'backoff', /proxy that does not reach ChirpStack.*503.*CONNECTION_LOST/],
    [504, 'backoff', /proxy that does not reach ChirpStack.*504.*CONNECTION_LOST/],
  ] as const)('is told by its HTTP status %i', async (code, state, reason) => {
    const proxy = await front()
    proxy.httpStatus = code
    const context = collect(`http://127.0.0.1:${proxy.port}`)
    await until(() => expect(context.state).toBe(state))
    expect(context.reason).toMatch(reason)
  })

  it.each([404, 502])('is told when it speaks HTTP/1.1 alone (%i)', async (code) => {
    const web = await startWebServer(code)
    closing.push(web.close)
    const context = collect(`http://127.0.0.1:${web.port}`)
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toMatch(/does not speak HTTP\/2, so no ChirpStack.*PROTOCOL_VIOLATION/)
  })

  it('is told when it takes the key away', async () => {
    const proxy = await front()
    proxy.stripsKey = true
    const context = collect(`http://127.0.0.1:${proxy.port}`)
    await until(() => expect(context.state).toBe('refused'))
    expect(context.reason).toMatch(/without the API key.*ACCESS_DENIED.*proxy before ChirpStack removes/)
  })

  it('is told when nobody knows its name', async () => {
    const context = collect('http://nowhere.invalid:8080')
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toMatch(/host name is not known.*CONNECTION_LOST.*DNS/)
  })
})

describe('an HTTP proxy on the way', () => {
  const startProxy = async () => {
    const proxy = await ForwardProxy.start()
    closing.push(() => proxy.close())
    return proxy
  }

  it('is gone through, with TLS to the end', async () => {
    const proxy = await startProxy()
    const { port } = await serving(good)
    await brings(collect(`https://localhost:${port}`, { ...withCa(), proxy: `http://127.0.0.1:${proxy.port}` }), 31)
    expect(new Set(proxy.asked)).toEqual(new Set([`localhost:${port}`]))
  })

  it.each([
    ['environment', true],
    [undefined, true],
    ['none', false],
  ])('of the environment is gone through with proxy %s: %s', async (setting, through) => {
    const proxy = await startProxy()
    vi.stubEnv('grpc_proxy', `http://127.0.0.1:${proxy.port}`)
    vi.stubEnv('no_grpc_proxy', 'elsewhere.example')
    await brings(collect(`http://127.0.0.1:${server.port}`, { proxy: setting }), 32)
    expect(proxy.asked.length > 0).toBe(through)
  })

  it.each([403, 407, 502])('that answers %i is named', async (refusal) => {
    const proxy = await startProxy()
    proxy.refusal = refusal
    const context = collect(`http://127.0.0.1:${server.port}`, { proxy: `http://127.0.0.1:${proxy.port}` })
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toContain(`the HTTP proxy 127.0.0.1:${proxy.port} answers ${refusal} instead of connecting`)
    expect(context.reason).toMatch(/CONNECTION_LOST.*set proxy to none/)
  })

  it('that is away is named', async () => {
    const proxy = await ForwardProxy.start()
    await proxy.close()
    const context = collect(`http://127.0.0.1:${server.port}`, { proxy: `http://127.0.0.1:${proxy.port}` })
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toMatch(/the HTTP proxy 127\.0\.0\.1:\d+ cannot be used \(.*ECONNREFUSED.*CONNECTION_LOST/)
  })
})
