/** Characters that a password needs, and that are taken at most: NIST SP 800-63B §5.1.1.2 asks for 64; more would only cost. */
export const SHORTEST_PASSWORD = 12
const LONGEST = 256

/** What can be wrong with a password. */
export type PasswordFault = 'short' | 'long' | 'name' | 'repeats' | 'common'

/**
 * What keeps a password from being taken; undefined: nothing. Length is what counts (NIST SP 800-63B §5.1.1.2): no rules
 * on kinds of characters, but neither the user's name nor one thing over and over.
 */
export function passwordFault(name: string, password: string): PasswordFault | undefined {
  const { length } = [...password]
  if (length < SHORTEST_PASSWORD) return 'short'
  if (length > LONGEST) return 'long'
  const bare = password.normalize('NFKC').toLowerCase()
  const user = name.toLowerCase()
  if (bare.includes(user) && bare.length - user.length < SHORTEST_PASSWORD / 2) return 'name'
  if (new Set(bare).size < 5) return 'repeats'
  const isCommon = tooCommon.some(
    (word) => bare === word.repeat(Math.ceil(bare.length / word.length)).slice(0, bare.length),
  )
  return isCommon ? 'common' : undefined
}

/** As `passwordFault`, in words. */
export function passwordProblem(name: string, password: string): string | undefined {
  const fault = passwordFault(name, password)
  const { length } = [...password]
  return fault && inWords[fault](length)
}

const inWords: Readonly<Record<PasswordFault, (length: number) => string>> = {
  short: (length) => `The password has ${length} characters; it needs ${SHORTEST_PASSWORD} or more.`,
  long: (length) => `The password has ${length} characters; at most ${LONGEST} are taken.`,
  name: () => 'The password is hardly more than the name of the user; choose another one.',
  repeats: () => 'The password repeats very few characters; choose another one.',
  common: () => 'The password is among the first that a guesser tries; choose another one.',
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
