/**
 * Which of the advertised URLs suits a client that used `requested` (OPC 10000-4 §5.5.4: the server uses the address
 * to determine what URLs to return, and returns a suitable default where it does not know the host): the one with its
 * host and port, whatever its path; else one with its host, as where a port is forwarded; else undefined.
 */
export function advertisedUrlFor(
  requested: string | null | undefined,
  advertised: readonly string[],
): string | undefined {
  const wanted = addressOf(requested ?? '')
  if (!wanted) return undefined
  const sameHost = advertised.filter((url) => addressOf(url)?.host === wanted.host)
  return sameHost.find((url) => addressOf(url)?.port === wanted.port) ?? sameHost[0]
}

interface Address {
  readonly host: string
  readonly port: number
}

/** OPC 10000-6 §7.2: the port is 4840 where the URL has none. */
const DEFAULT_PORT = 4_840

/** Host, in lower case, and port of an `opc.tcp` URL; undefined of anything else. */
export function addressOf(url: string): Address | undefined {
  const [, host, port] = /^opc\.tcp:\/\/(\[[0-9a-f:.]+\]|[^/:?#\s]+)(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(url) ?? []
  return host === undefined
    ? undefined
    : { host: host.toLowerCase(), port: port === undefined ? DEFAULT_PORT : Number(port) }
}
