import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ConfigurationDesk } from '../../config/desk.ts'
import { type Secrets, type SecretUse, secretsOf } from '../../config/secrets.ts'
import type { Clock } from '../../core/clock.ts'
import type { Actor } from '../../core/command.ts'
import type { TestReport, WantedTest } from '../../core/connection-test.ts'
import { PenstockError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { SourceConfig } from '../../core/plant.ts'
import type { Diagnosis } from '../../http/diagnosis.ts'
import { mayCarry } from './secret-ways.ts'
import { Steps, wordsOf } from './steps.ts'
import { type Check, type TriedSource, triedSource } from './tried-source.ts'

/** However slow the other end is. */
const ALL_WITHIN_MS = 20_000
const MOST_AT_ONCE = 3

export interface ConnectionTestsParts {
  readonly check: Check
  /** The same of the configuration that holds, with what the environment says. */
  readonly checkRunning: Check
  readonly configuration: Pick<ConfigurationDesk, 'current'>
  readonly secrets: Pick<Secrets, 'read'>
  readonly rooms: Pick<Diagnosis, 'diagnostics' | 'identify' | 'readOnce'>
  readonly clock: Clock
  readonly log: Logger
}

interface Running {
  readonly sources: readonly SourceConfig[]
  readonly secrets: readonly SecretUse[]
}

/** Tries sources that do not run yet, over connections that last as long as the test; the plant does not notice. */
export class ConnectionTests {
  readonly #parts: ConnectionTestsParts
  #under = 0

  constructor(parts: ConnectionTestsParts) {
    this.#parts = parts
  }

  /** Undefined: as many as may be are under way. Otherwise it answers within 20 s, and never rejects for what it finds. */
  async test(wanted: WantedTest, by: Actor): Promise<TestReport | undefined> {
    if (this.#under >= MOST_AT_ONCE) return undefined
    this.#under++
    const { clock, log } = this.#parts
    const steps = new Steps()
    const abort = new AbortController()
    const cancel = clock.after(ALL_WITHIN_MS, () => abort.abort())
    try {
      const tooLong = new Promise<TestReport>((resolve) => {
        abort.signal.addEventListener('abort', () => {
          steps.bad('connect', `The test took more than ${ALL_WITHIN_MS / 1_000} s, and was ended.`)
          resolve(steps.report())
        })
      })
      const report = await Promise.race([this.#tested(wanted, steps, abort.signal), tooLong])
      const { key, kind } = wanted.source
      log.info({ source: key, kind, user: by.user, ok: report.ok }, 'a connection was tested for somebody')
      return report
    } finally {
      cancel()
      this.#under--
    }
  }

  async #tested(wanted: WantedTest, steps: Steps, signal: AbortSignal): Promise<TestReport> {
    try {
      const tried = triedSource(wanted.source, this.#parts.check)
      if ('problems' in tried) {
        for (const words of tried.problems) steps.bad('settings', words)
        return steps.report()
      }
      for (const words of tried.leftOut) steps.aside('settings', `Not tried, as it is not right yet: ${words}`)
      return await this.#reached(tried, wanted, steps, signal)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      steps.bad(error.code === 'CONFIG_INVALID' ? 'settings' : 'connect', `${wordsOf(error)}.`)
      return steps.report()
    }
  }

  async #reached(
    { source, withoutTenant }: TriedSource,
    { apiKey }: WantedTest,
    steps: Steps,
    signal: AbortSignal,
  ): Promise<TestReport> {
    const { clock, rooms } = this.#parts
    if (source.kind === 'calculated') {
      steps.aside('connect', 'Calculated values need no connection.')
      return steps.report()
    }
    if (!(await resolved(source, steps))) return steps.report()
    const running = this.#running()
    const secret = (variable: string) => this.#read(variable)
    if (source.kind === 'chirpstack') {
      const { testChirpStack } = await import('./chirpstack-test.ts')
      const others = running.sources.filter(({ key }) => key !== source.key)
      const takenKeys = new Set(
        others.flatMap(({ devices }): readonly { key: string }[] => devices).map(({ key }) => key),
      )
      const key = this.#keyOf(source, apiKey, running)
      return testChirpStack({ source, withoutTenant, secret, key, takenKeys, clock, signal }, steps)
    }
    // Only whoever tests pays for what field devices are spoken to with.
    const { testField } = await import('./field-test.ts')
    const { sourceAt } = await import('./same-line.ts')
    const { testOverRunning } = await import('./over-running.ts')
    const there = await sourceAt(source, running.sources)
    const over = there && (await testOverRunning(source, there, rooms, steps))
    return over ?? testField({ source, secret, clock, signal }, steps)
  }

  #keyOf(source: SourceConfig & { kind: 'chirpstack' }, typed: string | undefined, running: Running) {
    if (typed !== undefined && typed.trim() !== '') return { value: typed, at: 'the form' }
    const may = mayCarry(source, running.sources, running.secrets)
    if (may !== true) return { missing: may.withheld }
    const { apiKeyEnv: variable, key } = source
    const what = `the API key of the source "${key}"`
    const answer = this.#parts.secrets.read({ variable, what, path: '', needed: true, keepable: true })
    if (answer.ok) return { value: answer.value, at: variable }
    return { missing: `${answer.problem.message} ${answer.problem.mend}` }
  }

  #read(variable: string): string | undefined {
    const answer = this.#parts.secrets.read({ variable, what: 'a secret of the source', path: '', needed: true })
    return answer.ok ? answer.value : undefined
  }

  #running(): Running {
    const { checkRunning, configuration } = this.#parts
    const loaded = checkRunning(configuration.current().text)
    // Without it nobody knows what must not be sent, and which devices must be left alone.
    if (!loaded.ok) {
      const message =
        'The configuration that holds is not right just now, so that nothing is tried beside it; mend it first'
      throw new PenstockError('CONFIG_INVALID', message)
    }
    const { sources, opcua, sinks } = loaded.config
    return { sources, secrets: secretsOf({ sources, users: opcua.users, postgres: sinks.postgres }) }
  }
}

/** Whether the name of the other end has an address, where it is a name. */
async function resolved(source: Exclude<SourceConfig, { kind: 'calculated' }>, steps: Steps): Promise<boolean> {
  if ('serial' in source) return true
  const isProxied = source.kind === 'chirpstack' && (source.proxy ?? 'environment') !== 'none'
  const host = source.kind === 'chirpstack' ? new URL(source.url).hostname.replace(/^\[|\]$/g, '') : source.host
  if (isIP(host) !== 0) return true
  try {
    const addresses = await lookup(host, { all: true })
    steps.good('resolve', `${host} is ${addresses.map(({ address }) => address).join(', ')}.`)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const words = `The host name ${host} cannot be resolved (${code}); check the name, or give the IP address.`
    // A proxy may know names that this machine does not.
    if (isProxied) steps.aside('resolve', words)
    else steps.bad('resolve', words)
    return isProxied
  }
}
