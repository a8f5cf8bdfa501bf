import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ModbusSourceConfig, SerialLineConfig, TlsConfig } from '../../src/core/plant.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import { makeAuthority, makeIdentity } from '../support/certificates.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { PymodbusServer, type PymodbusTransport } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'
import { SerialPair, tlsInFrontOf } from '../support/serial-pair.ts'

/** Ends, the newest first, what a test began. */
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const units = [
  device('one', {
    pollMs: 50,
    tags: [
      tag('power', { type: 'Float', address: 'holding:10' }),
      tag('count', { type: 'UInt16', address: 'input:3' }),
      tag('running', { type: 'Boolean', address: 'coil:17' }),
      tag('open', { type: 'Boolean', address: 'discrete:2' }),
      tag('missing', { type: 'UInt16', address: 'holding:900' }),
    ],
  }),
  device('two', { unitId: 2, pollMs: 50, tags: [tag('level', { type: 'Int16', address: 'holding:10' })] }),
]

async function pymodbus(where?: number | string, transport?: PymodbusTransport): Promise<PymodbusServer> {
  const server = await PymodbusServer.start(where, transport)
  ends.push(() => server.stop())
  await server.put({ area: 'holding', address: 10, encoding: 'float32', value: 12.5 })
  await server.put({ area: 'input', address: 3, encoding: 'uint16', value: 54_321 })
  await server.bits({ area: 'coil', address: 17 }, 1)
  await server.bits({ area: 'discrete', address: 2 }, 0)
  await server.put({ unit: 2, area: 'holding', address: 10, encoding: 'int16', value: -7 })
  return server
}

async function run(config: ModbusSourceConfig, secrets: Readonly<Record<string, string>> = {}) {
  const context = new RecordingContext(systemClock)
  const tags = new TagIndexing({ sources: [config] })
  const given = { ...pick(context), secret: (name: string) => secrets[name] }
  expect(modbusSource.validate(config)).toEqual([])
  const made = await modbusSource.create(config, devicesOf(config), given)
  ends.push(() => made.stop())
  made.start()
  const seen = (id: string) => {
    const last = context.sink.last.get(tags.byId(id)?.index ?? -1)
    return last?.status === 'Good' ? last.value : last?.status
  }
  return {
    context,
    source: made,
    seen,
    all: () => Object.fromEntries(tags.present.map((each) => [each.id, seen(each.id)])),
    reason: () => context.states.at(-1)?.reason ?? '',
  }
}

const pick = ({ clock, log, sink, memory, random, report, connects, offers, values, commands }: RecordingContext) => ({
  clock,
  log,
  sink,
  memory,
  random,
  report,
  connects,
  offers,
  values,
  commands,
})

const right = {
  'one/power': 12.5,
  'one/count': 54_321,
  'one/running': true,
  'one/open': false,
  'one/missing': 'BadConfigurationError',
  'two/level': -7,
}

const serialSource = (
  transport: 'rtu' | 'ascii',
  path: string,
  fields: Partial<Pick<ModbusSourceConfig, 'timeoutMs' | 'delayBetweenRequestsMs'>> = {},
): ModbusSourceConfig => {
  const { kind, key, name, disabled, timeoutMs, connectTimeoutMs, delayBetweenRequestsMs, delayAfterConnectMs } =
    source([])
  const serial: SerialLineConfig = { path, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 }
  const own = { kind, key, name, disabled, timeoutMs, connectTimeoutMs, delayBetweenRequestsMs, delayAfterConnectMs }
  return { ...own, transport, serial, devices: units, ...fields }
}

describe('every value, the refused address and both units', () => {
  it.each(['tcp', 'udp', 'rtu-over-tcp'] as const)('come from pymodbus over %s', async (transport) => {
    const { port } = await pymodbus(0, transport)
    const plc = await run(source(units, { transport, port }))
    await expect.poll(plc.all, { timeout: 5_000 }).toEqual(right)
  })

  it.each(['rtu', 'ascii'] as const)('come from pymodbus over a serial line with %s', async (transport) => {
    const line = await SerialPair.start()
    ends.push(() => line.stop())
    await pymodbus(line.theirs, transport)
    const plc = await run(serialSource(transport, line.ours))
    await expect.poll(plc.all, { timeout: 5_000 }).toEqual(right)
    expect(plc.context.counted('strays')).toBe(0)
  })

  it('come with pauses between requests and after connecting', async () => {
    const { port } = await pymodbus()
    const plc = await run(source(units, { port, delayBetweenRequestsMs: 5, delayAfterConnectMs: 20 }))
    await expect.poll(plc.all, { timeout: 5_000 }).toEqual(right)
  })
})

describe('a serial line', () => {
  it('whose adapter is pulled out is lost in words, and read again when it is back', async () => {
    const line = await SerialPair.start()
    ends.push(() => line.stop())
    const server = await PymodbusServer.start(line.theirs, 'rtu')
    ends.push(() => server.stop())
    await server.put({ unit: 2, area: 'holding', address: 10, encoding: 'int16', value: -7 })
    const plc = await run(serialSource('rtu', line.ours))
    await expect.poll(() => plc.seen('two/level'), { timeout: 5_000 }).toBe(-7)
    await line.pullOut()
    await expect.poll(plc.reason, { timeout: 5_000 }).toMatch(/is gone|is not there/)
    expect(plc.seen('two/level')).toBe('UncertainNoCommunicationLastUsableValue')
    await expect.poll(plc.reason, { timeout: 5_000 }).toContain(`${line.ours} is not there; check that the adapter`)
    await line.plugIn()
    await pymodbus(line.theirs, 'rtu')
    await expect.poll(plc.all, { timeout: 15_000 }).toEqual(right)
  })

  it('that another program has open is refused in words', async () => {
    const line = await SerialPair.start()
    ends.push(() => line.stop())
    await pymodbus(line.theirs, 'rtu')
    const first = await run(serialSource('rtu', line.ours))
    await expect.poll(first.all, { timeout: 5_000 }).toEqual(right)
    const second = await run(serialSource('rtu', line.ours))
    await expect.poll(second.reason, { timeout: 5_000 }).toContain(`${line.ours} is in use already`)
    await first.source.stop()
    await expect.poll(second.all, { timeout: 15_000 }).toEqual(right)
  })
})

describe('a datagram port where nobody listens', () => {
  it('is said to refuse datagrams', async () => {
    const { port, stop } = await PymodbusServer.start(0, 'udp').then((server) => ({
      port: server.port,
      stop: () => server.stop(),
    }))
    await stop()
    const plc = await run(source(units, { transport: 'udp', port }))
    await expect.poll(plc.reason).toContain(`127.0.0.1:${port} refuses datagrams`)
  })
})

describe('Modbus over TLS', () => {
  const authority = makeAuthority('Plant CA')
  const server = makeIdentity(authority, ['gateway.plant', '127.0.0.1'])
  const client = makeIdentity(authority, ['penstock'])

  const files = async (contents: Readonly<Record<string, string>>): Promise<(name: string) => string> => {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-tls-'))
    ends.push(() => rm(folder, { recursive: true }))
    for (const [name, content] of Object.entries(contents)) {
      await writeFile(join(folder, name), content, { mode: 0o600 })
    }
    return (name) => join(folder, name)
  }

  /** pymodbus behind socat, which ends TLS and may demand a certificate of our authority. */
  async function start(demandsCertificate: boolean, identity = server) {
    const at = await files({
      'server.pem': identity.cert + identity.key,
      'ca.pem': authority.cert,
      'other-ca.pem': makeAuthority('Another CA').cert,
      'client.pem': client.cert,
      'client.key': client.key,
    })
    const behind = await pymodbus()
    const verify = demandsCertificate ? ['verify=1', `cafile=${at('ca.pem')}`] : ['verify=0']
    const front = await tlsInFrontOf(behind.port, `cert=${at('server.pem')}`, ...verify)
    ends.push(front.stop)
    const connect = (tls: TlsConfig | undefined, secrets?: Readonly<Record<string, string>>) =>
      run(source(units, { transport: 'tls', port: front.port, ...(tls && { tls }) }), secrets)
    return { at, connect, port: front.port }
  }

  it('reads a server whose certificate an own authority issued', async () => {
    const { at, connect } = await start(false)
    const plc = await connect({ caFile: at('ca.pem') })
    await expect.poll(plc.all, { timeout: 10_000 }).toEqual(right)
  })

  it('shows its own certificate to a server that demands one, with the key from a file or the environment', async () => {
    const { at, connect } = await start(true)
    const tls = { caFile: at('ca.pem'), certificateFile: at('client.pem') }
    const fromFile = await connect({ ...tls, keyFile: at('client.key') })
    await expect.poll(fromFile.all, { timeout: 10_000 }).toEqual(right)
    const fromEnvironment = await connect({ ...tls, keyEnv: 'LINE_KEY' }, { LINE_KEY: client.key })
    await expect.poll(fromEnvironment.all, { timeout: 10_000 }).toEqual(right)
  })

  it('says that the server demands a client certificate', async () => {
    const { at, connect } = await start(true)
    const plc = await connect({ caFile: at('ca.pem') })
    await expect.poll(plc.reason, { timeout: 10_000 }).toMatch(/client certificate.*tls\.certificateFile/)
    expect(plc.seen('one/power')).not.toBe(12.5)
  })

  it.each([
    ['another authority', 'other-ca.pem', undefined, /authority that is not trusted; name .* tls\.caFile/],
    ['another name', 'ca.pem', 'other.plant', /certificate for another name; .* tls\.serverName/],
  ])('reads nothing from a server that is proved by %s, and says why', async (_, ca, serverName, words) => {
    const { at, connect } = await start(false)
    const plc = await connect({ caFile: at(ca), ...(serverName && { serverName }) })
    await expect.poll(plc.reason, { timeout: 10_000 }).toMatch(words)
    expect(plc.context.state).toBe('refused')
    expect(plc.seen('one/power')).toBe('BadNoCommunication')
  })

  it('reads nothing from a server whose certificate has expired', async () => {
    const { at, connect } = await start(false, makeIdentity(authority, ['127.0.0.1'], 'no longer'))
    const plc = await connect({ caFile: at('ca.pem') })
    await expect.poll(plc.reason, { timeout: 10_000 }).toContain('has expired')
  })

  it('takes the name that the certificate must have from the configuration', async () => {
    const { at, connect } = await start(false, makeIdentity(authority, ['gateway.plant']))
    const plc = await connect({ caFile: at('ca.pem'), serverName: 'gateway.plant' })
    await expect.poll(plc.all, { timeout: 10_000 }).toEqual(right)
  })

  it('says that a server does not speak TLS', async () => {
    const { port } = await pymodbus()
    const plc = await run(source(units, { transport: 'tls', port }))
    await expect.poll(plc.reason, { timeout: 10_000 }).toMatch(/does not speak TLS|closed the connection|within/)
  })

  it('trusts only what the system trusts where no authority is configured', async () => {
    const { connect } = await start(false)
    const plc = await connect(undefined)
    await expect.poll(plc.reason, { timeout: 10_000 }).toContain('authority that is not trusted')
  })
})
