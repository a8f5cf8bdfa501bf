/** What stands where a secret stood. */
const HIDDEN = '[hidden]'
/** Shorter ones would hide half of all words; no password that is set is so short. */
const SHORTEST = 4
/** Of a secret of several lines, such as a key, each line that says something. */
const SHORTEST_LINE = 12

/** Forms of secrets that are known without knowing the secret. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/\$scrypt\$ln=\d+,r=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+/g, HIDDEN],
  [/\b(Bearer|Basic) [\w+/=.~-]{8,}/g, `$1 ${HIDDEN}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${HIDDEN}@`],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g, HIDDEN],
  [
    /("(?:setupCode|password|passphrase|secret|token|apiKey|authorization)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    `$1"${HIDDEN}"`,
  ],
]

/** Takes secrets out of texts: those that it is told, in every way in which they may be written, and what looks like one. */
export class SecretMask {
  /** The longest first, since one may be a part of another. */
  readonly #written: readonly string[]

  constructor(secrets: Iterable<string>) {
    const written = [...secrets].flatMap(writings).filter((each) => each.length >= SHORTEST)
    this.#written = [...new Set(written)].sort((one, other) => other.length - one.length)
  }

  text(text: string): string {
    const plain = this.#written.reduce((masked, written) => masked.replaceAll(written, HIDDEN), text)
    return patterns.reduce((masked, [pattern, hidden]) => masked.replace(pattern, hidden), plain)
  }
}

/** As it is, in JSON, in JSON in JSON, in a URL, in Base64, and line by line. */
function writings(secret: string): string[] {
  const bare = secret.trim()
  if (bare.length < SHORTEST) return []
  const lines = bare.includes('\n') ? bare.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE) : []
  return [...new Set([secret, bare])].flatMap((each) => {
    const bytes = Buffer.from(each, 'utf8')
    const json = inJson(each)
    return [
      ...[each, json, inJson(json), inUrl(each), bytes.toString('base64'), bytes.toString('base64url')],
      bytes.toString('hex'),
      ...lines.filter((line) => !line.startsWith('-----')),
    ]
  })
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Half a surrogate pair cannot stand in a URL. */
const inUrl = (text: string): string => encodeURIComponent(text.toWellFormed())
