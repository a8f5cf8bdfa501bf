import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const SHORTEST = 12
/** NIST SP 800-63B §5.1.1.2: at least 64; more would only cost. */
const LONGEST = 256
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

/**
 * What keeps a password from being taken, in words; undefined: nothing. Length is what counts (NIST SP 800-63B
 * §5.1.1.2): no rules on kinds of characters, but neither the user's name nor one thing over and over.
 */
export function passwordProblem(name: string, password: string): string | undefined {
  const length = [...password].length
  if (length < SHORTEST) return `The password has ${length} characters; it needs ${SHORTEST} or more.`
  if (length > LONGEST) return `The password has ${length} characters; at most ${LONGEST} are taken.`
  const bare = password.normalize('NFKC').toLowerCase()
  const user = name.toLowerCase()
  if (bare.includes(user) && bare.length - user.length < SHORTEST / 2) {
    return 'The password is hardly more than the name of the user; choose another one.'
  }
  if (new Set(bare).size < 5) return 'The password repeats very few characters; choose another one.'
  if (tooCommon.some((word) => bare === word.repeat(Math.ceil(bare.length / word.length)).slice(0, bare.length))) {
    return 'The password is among the first that a guesser tries; choose another one.'
  }
  return undefined
}

/** As `passwordProblem`, of each user whose password the environment gives, in words that name the user. */
export function passwordWarnings(users: readonly { readonly name: string; readonly password: string }[]): string[] {
  return users.flatMap(({ name, password }) => {
    const problem = passwordProblem(name, password)
    return problem === undefined ? [] : [`user "${name}" (opcua.users): ${problem}`]
  })
}

/** Of 12 characters and more, lists of stolen passwords have little but these, repeated or cut. */
const tooCommon = [
  'password',
  'passwort',
  'password123',
  'password1234',
  'passw0rd',
  '1234567890',
  '123456789',
  'qwertyuiop',
  'qwertzuiop',
  'qwerty123456',
  '1q2w3e4r5t6y',
  'administrator',
  'administrator1',
  'changeme',
  'changemenow',
  'changeme1234',
  'letmein',
  'welcome',
  'iloveyou',
  'penstock',
  'opcuapassword',
]

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
