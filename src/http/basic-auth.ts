export interface Credentials {
  readonly name: string
  readonly password: string
}

/** What an `Authorization` header says by Basic authentication (RFC 7617); undefined: nothing, or nothing readable. */
export function credentialsOf(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]{1,4096}={0,2})$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
