/** Whether the address is this machine's own: IPv4, IPv6, and IPv4 in IPv6. */
export const isLoopback = (address: string): boolean => /^(?:127\.|::1$|::ffff:127\.)/.test(address)

/** Whether `Host` names this machine by itself, and not by a name that somebody made to mean it. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host)
