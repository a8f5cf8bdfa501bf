import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/schema.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Gateway } from '../main.ts'
import type { Configuration } from './configuration.ts'
import { ConfigurationRefused } from './configuration-refused.ts'

/** Everything but the plant: read once, when the gateway starts. */
const fixedParts = ['gateway', 'opcua', 'http', 'log'] as const satisfies readonly (keyof Config)[]

export interface ReloadOptions {
  readonly gateway: Pick<Gateway, 'changePlant'>
  /** Reads the configuration anew; throws ConfigurationRefused. */
  readonly read: () => Configuration
  readonly log: Logger
}

/**
 * Takes the plant of a configuration that has changed since, without a restart. One that is refused changes nothing;
 * what else is different in it is named, since it only holds from the next start on.
 */
export class Reload {
  readonly #options: ReloadOptions
  readonly #started: Config

  constructor(options: ReloadOptions, started: Config) {
    this.#options = options
    this.#started = started
  }

  /** Never rejects: whoever asked is told in the log. */
  async now(): Promise<void> {
    const { gateway, read, log } = this.#options
    try {
      const { config, secrets } = read()
      const later = fixedParts.filter((part) => !isDeepStrictEqual(config[part], this.#started[part]))
      await gateway.changePlant({ plant: { sources: config.sources }, templates: config.templates, secrets })
      log.info({ sources: config.sources.length }, 'The plant is the one of the configuration as it is now')
      if (later.length > 0) log.warn({ sections: later }, 'These sections have changed too, and take a restart')
    } catch (error) {
      if (error instanceof ConfigurationRefused) {
        log.error({ cause: describeError(error) }, 'The configuration is refused, and the plant is as it was')
      } else {
        const cause = describeError(error)
        log.warn({ cause }, 'The configuration is taken, and its plant is in force as soon as the engine answers again')
      }
    }
  }
}
