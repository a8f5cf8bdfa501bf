import type { TokenDesk } from '../../src/http/access/web-users.ts'

/** Of a gateway for which nobody made a token. */
export const noTokens: TokenDesk = {
  list: () => [],
  find: () => undefined,
  make: () => ({ refused: 'Nobody makes tokens here.' }),
  revoke: () => false,
  recognise: () => ({ refused: 'unknown' }),
  current: () => undefined,
  overstepped: () => undefined,
}
