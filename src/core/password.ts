import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const SALT_BYTES = 16
const KEY_BYTES = 32

/** What scrypt (RFC 7914) costs: `2 ** logN` blocks of `r` × 128 bytes, `p` times. */
interface Cost {
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** OWASP's choice with the least memory at its full strength: a flood of logins cannot fill the heap. */
const COST: Cost = { logN: 14, r: 8, p: 5 }
/** What a stored hash may demand. */
const MOST: Cost = { logN: 18, r: 16, p: 16 }

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** `$scrypt$ln=14,r=8,p=5$<salt>$<key>`, both in Base64 without padding: what it takes to check it stands in it. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return hashOf(salt, await derived(password, salt, COST, KEY_BYTES))
}

/** A hash that no password has; checking one against it takes the same work as against any other. */
export const hashOfNobody = (): string => hashOf(randomBytes(SALT_BYTES), randomBytes(KEY_BYTES))

function hashOf(salt: Buffer, key: Buffer): string {
  const { logN, r, p } = COST
  return `$scrypt$ln=${logN},r=${r},p=${p}$${bare64(salt)}$${bare64(key)}`
}

/** Whether this is the password of the hash; false for a hash that is none. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const parts = partsOf(hash)
  if (!parts) return false
  const key = await derived(password, parts.salt, parts.cost, parts.key.length)
  return timingSafeEqual(key, parts.key)
}

/** Whether a text is a hash as `hashPassword` makes it. */
export const isPasswordHash = (text: string): boolean => partsOf(text) !== undefined

function partsOf(hash: string) {
  const found = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
    hash,
  )
  if (!found) return undefined
  const [, logN = '', r = '', p = '', salt = '', key = ''] = found
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) }
  const affordable = (of: keyof Cost) => cost[of] >= 1 && cost[of] <= MOST[of]
  if (!affordable('logN') || !affordable('r') || !affordable('p')) return undefined
  return { cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') }
}

/** The same characters typed on two keyboards are one password (NIST SP 800-63B §5.1.1.2). */
function derived(password: string, salt: Buffer, { logN, r, p }: Cost, length: number): Promise<Buffer> {
  const N = 2 ** logN
  return derive(password.normalize('NFKC'), salt, length, { N, r, p, maxmem: 128 * r * (N + p + 2) })
}

const bare64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
