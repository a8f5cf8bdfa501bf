import { verify, type X509Certificate } from 'node:crypto'

/** More than any authority of a plant revokes: a hundred thousand certificates take about 4 MB. */
export const MOST_LIST_BYTES = 16_000_000

/** A certificate revocation list (RFC 5280 §5), as far as is needed to know whose it is. */
export interface RevocationList {
  /** The name of its authority, in DER. */
  readonly issuer: Buffer
  /** What the authority has signed. */
  readonly signed: Buffer
  /** The digest of the signature; undefined: one that is not taken, or that is no signature we know. */
  readonly digest: string | undefined
  readonly signature: Buffer
}

/** RFC 8017 App. A.2.4 and RFC 5758 §3.2, in hexadecimal. SHA-1 and MD5 are not taken: they can be forged. */
const digests: Readonly<Record<string, string>> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}

const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03
const OBJECT_IDENTIFIER = 0x06

/** Reads the DER of a list; undefined: it is none, or something stands behind it. */
export function readRevocationList(der: Buffer): RevocationList | undefined {
  const list = elementAt(der, 0)
  if (list?.tag !== SEQUENCE || list.end !== der.length) return undefined
  const [body, algorithm, signature] = elementsOf(der, list)
  if (body?.tag !== SEQUENCE || algorithm?.tag !== SEQUENCE || signature?.tag !== BIT_STRING) return undefined
  // The version is not there in lists of the first kind.
  const version = elementAt(der, body.content)
  const inner = version?.tag === INTEGER ? elementAt(der, version.end) : version
  const issuer = inner && elementAt(der, inner.end)
  const identifier = elementAt(der, algorithm.content)
  if (inner?.tag !== SEQUENCE || issuer?.tag !== SEQUENCE || identifier?.tag !== OBJECT_IDENTIFIER) return undefined
  // The algorithm stands inside and outside of what is signed, and is the same (RFC 5280 §5.1.1.2).
  if (!der.subarray(inner.begin, inner.end).equals(der.subarray(algorithm.begin, algorithm.end))) return undefined
  return {
    issuer: der.subarray(issuer.begin, issuer.end),
    signed: der.subarray(body.begin, body.end),
    digest: digests[der.toString('hex', identifier.content, identifier.end)],
    // The first byte says how many bits at the end are none of it: there are none.
    signature: der.subarray(signature.content + 1, signature.end),
  }
}

/** Whether `authority` speaks for this list: it has its name, may sign for others, and has signed it. */
export function isListOf(list: RevocationList, authority: X509Certificate): boolean {
  if (!isAuthorityOf(list, authority) || list.digest === undefined) return false
  try {
    return verify(list.digest, list.signed, authority.publicKey, list.signature)
  } catch {
    // A signature of another kind than the key.
    return false
  }
}

/** Whether the list says that it is of the authority with this certificate. */
export function isAuthorityOf(list: RevocationList, authority: X509Certificate): boolean {
  return authority.ca && subjectOf(authority.raw)?.equals(list.issuer) === true
}

/** The subject's name in the DER of a certificate (RFC 5280 §4.1). */
function subjectOf(certificate: Buffer): Buffer | undefined {
  const whole = elementAt(certificate, 0)
  const body = whole && elementAt(certificate, whole.content)
  if (!body) return undefined
  const elements = elementsOf(certificate, body)
  // Version (0xa0, may be absent), serial number, algorithm, issuer, validity, subject.
  const subject = elements[elements[0]?.tag === 0xa0 ? 5 : 4]
  return subject && certificate.subarray(subject.begin, subject.end)
}

interface Element {
  readonly tag: number
  readonly begin: number
  readonly content: number
  readonly end: number
}

/** Of what a list or certificate holds directly, only the first few matter. */
const MOST_ELEMENTS = 16

function elementsOf(der: Buffer, { content, end }: Element): Element[] {
  const elements: Element[] = []
  for (let at = content; at < end && elements.length < MOST_ELEMENTS; ) {
    const element = elementAt(der, at)
    if (!element || element.end > end) return []
    elements.push(element)
    at = element.end
  }
  return elements
}

/** X.690 §8.1: tag, length, content; undefined where they do not fit into `der`. */
function elementAt(der: Buffer, begin: number): Element | undefined {
  const tag = der[begin]
  const size = der[begin + 1]
  if (tag === undefined || size === undefined) return undefined
  const digits = size < 0x80 ? 0 : size & 0x7f
  if (size === 0x80 || digits > 4 || begin + 2 + digits > der.length) return undefined
  const content = begin + 2 + digits
  const end = content + (size < 0x80 ? size : der.readUIntBE(begin + 2, digits))
  return end <= der.length ? { tag, begin, content, end } : undefined
}
