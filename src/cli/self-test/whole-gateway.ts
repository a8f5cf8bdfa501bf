import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { EnergyMeter } from '../../demo/modbus/energy-meter.ts'
import { ModbusSimulator } from '../../demo/modbus/modbus-simulator.ts'
import { type Gateway, startGateway } from '../../main.ts'
import { certificatesBelow } from '../../opcua/certificate-files.ts'
import type { Output } from '../client/options.ts'
import { read } from '../client/read.ts'
import { checkConfiguration, checkOfEdits } from '../configuration.ts'

const NAME = 'the configuration of the self-test'
const USER = 'self-test'
/** A cold start on a slow machine, with a key to be made. */
const RUNS_WITHIN_MS = 60_000
/** What the simulated meter has in its first holding register. */
const EXPECTED = 40

/** A gateway of its own in `folder`, at ports that the system chooses, with a simulated Modbus device behind it. */
export class WholeGateway {
  readonly #folder: string
  readonly #password = randomBytes(18).toString('base64url')
  readonly #meter: ModbusSimulator
  #gateway: Gateway | undefined

  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#meter = new ModbusSimulator(new Map([[1, new EnergyMeter(clock)]]))
  }

  async start(): Promise<string> {
    const port = await this.#meter.listen()
    const text = JSON.stringify({
      gateway: { name: 'Self-test', data: join(this.#folder, 'data') },
      opcua: {
        ...{ port: 0, bind: '127.0.0.1', hostname: 'localhost' },
        security: { autoTrustClients: true },
        users: [{ name: USER, role: 'Observer', passwordEnv: 'PENSTOCK_SELF_TEST_PASSWORD' }],
      },
      http: { port: 0 },
      log: { level: 'error' },
      sources: [
        {
          ...{ key: 'line', kind: 'modbus', host: '127.0.0.1', port },
          devices: [
            { key: 'meter', unitId: 1, poll: '200ms', tags: [{ key: 'ratio', type: 'UInt16', address: 'holding:0' }] },
          ],
        },
      ],
    })
    const env = { PENSTOCK_SELF_TEST_PASSWORD: this.#password }
    const { config, secrets } = checkConfiguration(text, NAME, env)
    const configuration = { text, isNew: true, name: NAME, check: checkOfEdits(NAME, env) }
    this.#gateway = await startGateway({ config, secrets, configuration, log: silentLogger })
    const { promise: late, reject } = Promise.withResolvers<never>()
    const cancel = systemClock.after(RUNS_WITHIN_MS, () =>
      reject(new Error(`It does not run within ${RUNS_WITHIN_MS / 1_000} s`)),
    )
    await Promise.race([this.#gateway.running, late]).finally(cancel)
    const { opcua } = await this.#gateway.health()
    return `it runs, and OPC UA clients can connect at ${opcua?.endpoints[0] ?? '?'}`
  }

  /** The certificate that was made at the start. */
  async certificate(): Promise<string> {
    const known = await certificatesBelow(join(this.#folder, 'data', 'pki'))
    const own = known.find(({ place }) => place === 'own')
    if (!own || own.validTo === null) throw new Error('The server has made no certificate')
    return `${own.subject}, until ${new Date(own.validTo).toISOString()}`
  }

  /** Ready over HTTP: every check but warnings. */
  async http(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#running.httpPort}/readyz`, {
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`/readyz answers ${response.status}: ${await response.text()}`)
    return `/readyz answers ${response.status}`
  }

  /** From the device's register, over Modbus, the engine and a secured OPC UA channel, to a client. */
  async value(clock: Clock): Promise<string> {
    const endpoint = (await this.#running.health()).opcua?.endpoints[0] ?? ''
    const deadline = clock.monotonic() + RUNS_WITHIN_MS
    for (;;) {
      const seen = await this.#read(endpoint)
      if (seen.value === EXPECTED && seen.status === 'Good') {
        return `${EXPECTED} of a Modbus register arrived over Basic256Sha256, SignAndEncrypt, as Good`
      }
      if (clock.monotonic() > deadline) {
        throw new Error(`${EXPECTED} stands in the register, and a client sees ${JSON.stringify(seen)}`)
      }
    }
  }

  async #read(endpoint: string): Promise<{ readonly value?: unknown; readonly status?: string }> {
    const lines: string[] = []
    const output: Output = { line: (text) => void lines.push(text), notice: () => undefined }
    const secured = { mode: 'SignAndEncrypt', policy: 'Basic256Sha256' } as const
    const client = {
      endpoint,
      user: USER,
      password: this.#password,
      pkiFolder: join(this.#folder, 'client'),
      json: true,
    }
    await read(['meter/ratio'], { ...client, ...secured }, output)
    return JSON.parse(lines[0] ?? '{}') as { value?: unknown; status?: string }
  }

  /** Answers whether it ended in order. Safe at any time. */
  async stop(): Promise<boolean> {
    const inOrder = await this.#gateway?.stop()
    this.#gateway = undefined
    await this.#meter.close()
    return inOrder ?? true
  }

  get #running(): Gateway {
    if (!this.#gateway) throw new Error('The gateway does not run')
    return this.#gateway
  }
}
