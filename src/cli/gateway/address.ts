import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { servedCertificateFile } from '../../http/tls/web-tls.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Environment } from '../configuration.ts'
import { ConfigurationRefused } from '../configuration-refused.ts'
import { loadSettings } from '../data-folder.ts'

/** How a running gateway is named: by its address, its configuration, or its data folder. */
export interface GatewayFlags {
  /** The HTTP port of the gateway; absent: that of the configuration, or 8080 where only the data folder is named. */
  readonly url?: string | undefined
  /** The file that names the data folder and the HTTP port. */
  readonly config: string
  readonly data?: string | undefined
}

/** Where a gateway answers, and by what it is known. */
export interface GatewayAddress {
  readonly url: URL
  /** The certificate that it shows, as PEM: of its data folder; undefined: it is known as the system says. */
  readonly certificate: string | undefined
}

const DEFAULT_PORT = 8_080

/**
 * Where the gateway that is meant answers. Its data folder says whether it speaks TLS, and by which certificate it is
 * known, whatever authorities the system trusts. Throws ClientFailure (usage), ConfigurationRefused.
 */
export function gatewayAddress({ url, config, data }: GatewayFlags, env: Environment): GatewayAddress {
  const isNeeded = data === undefined && existsSync(config)
  const settings = !isNeeded ? undefined : url === undefined ? loadSettings(config, env) : settingsOrNone(config, env)
  const folder = data ?? settings?.gateway.data
  return addressOf(url, settings?.http.port ?? DEFAULT_PORT, folder)
}

/** Whoever gives an address may be on another machine, or look why a configuration is refused. */
function settingsOrNone(config: string, env: Environment): ReturnType<typeof loadSettings> | undefined {
  try {
    return loadSettings(config, env)
  } catch (error) {
    if (error instanceof ConfigurationRefused) return undefined
    throw error
  }
}

/** The gateway of this data folder, at its HTTP port on this machine or at `url`. Throws ClientFailure (usage). */
export function addressOf(url: string | undefined, port: number, folder: string | undefined): GatewayAddress {
  const served = folder === undefined ? undefined : textOf(join(folder, servedCertificateFile))
  const base = url ?? `${served === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const parsed = URL.canParse(base) ? new URL(base) : undefined
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new ClientFailure(ExitCode.usage, `--url ${base} is no address such as http://127.0.0.1:8080`)
  }
  return { url: parsed, certificate: served }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // There is none where the gateway speaks plain HTTP; where it cannot be read, the answer of the gateway says so.
    return undefined
  }
}
