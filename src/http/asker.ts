/** Who asks: the address it comes from, and, of a browser, what it says of the page (Fetch Metadata, `Sec-Fetch-Site`). */
export interface Asker {
  readonly address: string | undefined
  readonly fetchSite?: string | undefined
  /** The header Host: what the asker takes the gateway for. */
  readonly host?: string | undefined
}

/** Nobody logs in here: some things are for whoever is on this machine, and not for a page that lured a browser. */
export function standing({ address, fetchSite, host }: Asker): 'here' | 'elsewhere' | 'lured' {
  if (address === undefined || !loopback.test(address)) return 'elsewhere'
  // A site whose name suddenly stands for 127.0.0.1 is its own origin to the browser.
  if (host !== undefined && !ownNames.test(host)) return 'lured'
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none' ? 'here' : 'lured'
}

const ownNames = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i

/** IPv4, IPv6, and IPv4 in IPv6. */
const loopback = /^(?:127\.|::1$|::ffff:127\.)/
